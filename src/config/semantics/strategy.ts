import type * as z from "zod";
import type { Service } from "../config.ts";
import { formatDuration } from "../duration.ts";
import { valueAt } from "../issues.ts";
import { suggest } from "../nearest.ts";
import { formatShare } from "../percent.ts";
import type { steps } from "../schema/canary.ts";
import type { Path } from "../source.ts";
import { type Judgement, problem, type Subject } from "./rule.ts";

type Steps = z.output<typeof steps>;
type Check = Service["blueGreen"]["checks"][number];

/** Steps rise, checks name metrics, and every dwell can hold a whole window of the checks that it needs. */
export function* strategyRules({ settings, written, original }: Subject): Iterable<Judgement> {
  for (const service of Object.values(settings.services)) {
    const base = ["services", service.name];
    const { canary, blueGreen } = service;
    const metrics = keysOf(original([...base, "metrics"]));
    if (canary !== null) {
      yield* checkRules(service, canary.checks, [...base, "canary", "checks"], written, metrics);
      yield* risingRules(canary.steps, [...base, "canary", "steps"]);
      yield* needRules(canary.steps, checkNames(original([...base, "canary", "checks"])), [...base, "canary", "steps"]);
      yield* dwellRules(service, canary.steps, canary.checks, [...base, "canary", "steps"]);
    }
    yield* checkRules(service, blueGreen.checks, [...base, "blueGreen", "checks"], written, metrics);
    const window = longest(service, blueGreen.checks);
    if (window !== null && blueGreen.bakeMs < window.ms)
      yield problem([...base, "blueGreen", "bake"], tooShort("bake", blueGreen.bakeMs, window));
  }
}

/** Each step has more than the one before. Also holds for steps that come with a start. */
export function* risingRules(steps: Steps, base: Path): Iterable<Judgement> {
  let before = 0;
  for (const [index, step] of steps.entries()) {
    const share = step.kind === "ramp" ? step.to : step.share;
    const path = [...base, index, step.kind === "ramp" ? "ramp" : "share"];
    if (share <= before) {
      const rest = before >= 10_000 ? "nothing is above 100%, so remove this step" : `it must be above ${formatShare(before)}`;
      yield problem(path, `${formatShare(share)} is not more than the ${formatShare(before)} of the step before; ${rest}`);
    }
    before = Math.max(before, share);
  }
}

function keysOf(block: unknown): string[] {
  return typeof block === "object" && block !== null ? Object.keys(block) : [];
}

/** The names that the file gives to its checks, also to those that are wrong in another way. */
function checkNames(list: unknown): string[] {
  const items: unknown[] = Array.isArray(list) ? list : [];
  return items.map((item) => String(valueAt(item, ["name"]) ?? valueAt(item, ["metric"])));
}

function* checkRules(
  service: Service,
  checks: readonly Check[],
  base: Path,
  written: Subject["written"],
  metrics: readonly string[],
): Iterable<Judgement> {
  for (const [index, check] of checks.entries()) {
    const path = [...base, index];
    if (!metrics.includes(check.metric)) {
      yield problem(
        [...path, "metric"],
        `"${check.metric}" is not a metric of ${service.name}; ${suggest(check.metric, metrics)}`,
      );
    }
    if (checks.findIndex((other) => other.name === check.name) < index) {
      yield problem(path, `is the second check called ${check.name}; give it a name: of its own`);
    }
    const percent = typeof written([...path, check.rule.kind]) === "string";
    yield* boundRules(service, check, [...path, check.rule.kind], percent);
  }
}

/** A bound must be in the unit of its metric: slips between 2, 2 % and 0.02 are the easiest to make. */
function* boundRules(service: Service, check: Check, path: Path, percent: boolean): Iterable<Judgement> {
  const { bound } = check.rule;
  const kind = metricOf(service, check)?.measure.kind;
  if (kind === "quantile" && percent) {
    const message = `is a percentage, and ${check.metric} is a quantile; it must be a number in the unit of the histogram, such as 0.3`;
    yield problem(path, message);
  }
  if (kind === "ratio" && !percent && bound > 1) {
    const message = `${bound} would be ${bound * 100}% of ${check.metric}, which is a ratio; it must be a percentage such as ${bound}%, or a number up to 1`;
    yield problem(path, message);
  }
}

function metricOf(service: Service, check: Check): Service["metrics"][string] | undefined {
  return Object.hasOwn(service.metrics, check.metric) ? service.metrics[check.metric] : undefined;
}

type Window = { readonly ms: number; readonly check: string };

function longest(service: Service, checks: readonly Check[]): Window | null {
  const windows = checks.map((check) => ({ check: check.name, ms: metricOf(service, check)?.windowMs ?? 0 }));
  return windows.reduce<Window | null>((most, one) => (most === null || one.ms > most.ms ? one : most), null);
}

function tooShort(what: string, ms: number, window: Window): string {
  const least = formatDuration(window.ms);
  return `${what} ${formatDuration(ms)} is shorter than the window of the check ${window.check} (${least}), which could never pass; it must be at least ${least}`;
}

function* needRules(steps: Steps, names: readonly string[], base: Path): Iterable<Judgement> {
  for (const [index, { needs }] of steps.entries()) {
    for (const [at, need] of (needs ?? []).entries()) {
      if (!names.includes(need)) {
        yield problem([...base, index, "needs", at], `"${need}" is not a check of this canary; ${suggest(need, names)}`);
      }
    }
  }
}

function* dwellRules(service: Service, steps: Steps, checks: readonly Check[], base: Path): Iterable<Judgement> {
  for (const [index, step] of steps.entries()) {
    if (step.kind === "approval") continue;
    const { needs } = step;
    const window = longest(service, needs === null ? checks : checks.filter((check) => needs.includes(check.name)));
    const what = step.kind === "ramp" ? "over" : "for";
    const ms = step.kind === "ramp" ? step.overMs : step.forMs;
    if (window !== null && ms < window.ms) yield problem([...base, index, what], tooShort(what, ms, window));
  }
}
