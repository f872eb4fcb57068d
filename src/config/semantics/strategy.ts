import type * as z from "zod";
import type { Service } from "../config.ts";
import { formatDuration } from "../duration.ts";
import { valueAt } from "../issues.ts";
import { suggest } from "../nearest.ts";
import { formatShare } from "../percent.ts";
import type { steps } from "../schema/canary.ts";
import type { Path } from "../source.ts";
import { comparedRules, evidenceRules, isAdvisory, sharedAlphaRules, whole, wholeRules } from "./compare.ts";
import { kindOf, uncounted } from "./metric.ts";
import { type Judgement, problem, type Subject } from "./rule.ts";

type Steps = z.output<typeof steps>;
type Check = NonNullable<Service["canary"]>["checks"][number];

/** Steps rise, checks name metrics, and every dwell can hold a whole window of the checks that it needs. */
export function* strategyRules(subject: Subject): Iterable<Judgement> {
  for (const service of Object.values(subject.settings.services)) {
    const base = ["services", service.name];
    const { canary, blueGreen, rolling } = service;
    if (canary !== null) {
      yield* checkRules(service, canary.checks, [...base, "canary", "checks"], subject);
      yield* risingRules(canary.steps, [...base, "canary", "steps"]);
      yield* needRules(canary.steps, checkNames(subject.original([...base, "canary", "checks"])), [...base, "canary", "steps"]);
      yield* dwellRules(service, canary.steps, canary.checks, [...base, "canary", "steps"]);
      yield* sharedAlphaRules(canary.checks, [...base, "canary"], subject.written);
      yield* wholeRules(canary, [...base, "canary"]);
      yield* evidenceRules(canary, [...base, "canary", "steps"]);
      const window = longest(
        service,
        canary.checks.filter(({ rule }) => rule.kind !== "compare"),
      );
      if (window !== null && canary.bakeMs > 0 && canary.bakeMs < window.ms)
        yield problem([...base, "canary", "bake"], tooShort("bake", canary.bakeMs, window));
    }
    if (rolling !== null) {
      const path = [...base, "rolling"];
      yield* checkRules(service, rolling.checks, [...path, "checks"], subject);
      const critical = rolling.checks.filter((check) => !isAdvisory(check));
      const window = longest(service, critical);
      if (window !== null && rolling.monitorMs < window.ms)
        yield problem([...path, "monitor"], tooShort("monitor", rolling.monitorMs, window));
    }
    yield* checkRules(service, blueGreen.checks, [...base, "blueGreen", "checks"], subject);
    const window = longest(service, blueGreen.checks);
    if (window !== null && blueGreen.bakeMs < window.ms)
      yield problem([...base, "blueGreen", "bake"], tooShort("bake", blueGreen.bakeMs, window));
  }
}

/**
 * No step has less than the one before, and a ramp has more: the same share twice can be a time, then an approval.
 *
 * Also holds for steps that come with a start.
 */
export function* risingRules(steps: Steps, base: Path): Iterable<Judgement> {
  let before = 0;
  for (const [index, step] of steps.entries()) {
    const share = step.kind === "ramp" ? step.to : step.share;
    const path = [...base, index, step.kind === "ramp" ? "ramp" : "share"];
    if (step.kind === "ramp" ? share <= before : share < before) {
      const rest =
        before >= 10_000
          ? "nothing is above 100%, so remove this step"
          : `it must be ${step.kind === "ramp" ? "above" : "at least"} ${formatShare(before)}`;
      yield problem(
        path,
        `${formatShare(share)} is ${share < before ? "less" : "not more"} than the ${formatShare(before)} of the step before; ${rest}`,
      );
    }
    before = Math.max(before, share);
  }
}

function keysOf(block: unknown): string[] {
  return typeof block === "object" && block !== null ? Object.keys(block) : [];
}

/** The texts that the items of a list have at a key, with their places, also of items that are wrong in another way. */
function namesIn(list: unknown, key: string): [index: number, name: string][] {
  const items: unknown[] = Array.isArray(list) ? list : [];
  return items.flatMap((item, index) => {
    const name = valueAt(item, [key]);
    return typeof name === "string" ? [[index, name]] : [];
  });
}

/** What checks are called: by their own name, or else by that of their metric. */
function checkNames(list: unknown): string[] {
  const named = new Map([...namesIn(list, "metric"), ...namesIn(list, "name")]);
  return [...named.values()];
}

function* checkRules(
  service: Service,
  checks: readonly Check[],
  base: Path,
  { written, original }: Subject,
): Iterable<Judgement> {
  const metrics = keysOf(original(["services", service.name, "metrics"]));
  for (const [index, name] of namesIn(original(base), "metric")) {
    if (!metrics.includes(name)) {
      yield problem(
        [...base, index, "metric"],
        `"${name}" is not a metric of ${service.name}; ${metricHint(service.name, name, metrics)}`,
      );
    }
  }
  for (const [index, check] of checks.entries()) {
    const path = [...base, index];
    if (checks.findIndex((other) => other.name === check.name) < index) {
      yield problem(path, `is the second check called ${check.name}; give it a name: of its own`);
    }
    if (check.rule.kind === "compare") yield* comparedRules(check, metricOf(service, check), path, written);
    else {
      const percent = typeof written([...path, check.rule.kind]) === "string";
      yield* boundRules(service, check, check.rule.bound, [...path, check.rule.kind], percent);
    }
    const metric = metricOf(service, check);
    const why = metric === undefined ? null : uncounted(metric);
    if (why !== null && written([...path, "minRequests"]) !== undefined)
      yield problem([...path, "minRequests"], `has no effect: ${why}; remove it`, "key");
  }
}

function metricHint(service: string, name: string, metrics: readonly string[]): string {
  return metrics.length === 0 ? `there are no metrics; add one under services.${service}.metrics` : suggest(name, metrics);
}

/** A bound must be in the unit of its metric: slips between 2, 2 % and 0.02 are the easiest to make. */
function* boundRules(service: Service, check: Check, bound: number, path: Path, percent: boolean): Iterable<Judgement> {
  const metric = metricOf(service, check);
  const kind = metric === undefined ? null : kindOf(metric);
  if (kind === "quantile" && percent) {
    const message = `is a percentage, and ${check.metric} is a quantile; it must be a number in the unit of the histogram, such as 0.3`;
    yield problem(path, message);
  }
  if (kind === "number" && percent) {
    const other = metric?.source === "scrape" ? "it must be a number" : "say unit: ratio there, or give a number";
    const message = `is a percentage, and ${check.metric} is a plain number; ${other}`;
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
    // A step until evidence goes on for as long as the window of a check takes.
    if (step.kind === "approval" || step.kind === "evidence") continue;
    const { needs } = step;
    const needed = checks.filter((check) => (needs === null ? !isAdvisory(check) : needs.includes(check.name)));
    const window = longest(service, whole(step) ? needed.filter(({ rule }) => rule.kind !== "compare") : needed);
    const what = step.kind === "ramp" ? "over" : "for";
    const ms = step.kind === "ramp" ? step.overMs : step.forMs;
    if (window !== null && ms < window.ms) yield problem([...base, index, what], tooShort(what, ms, window));
  }
}
