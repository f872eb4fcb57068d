import type { Service } from "../config.ts";
import { formatDuration } from "../duration.ts";
import type { Path } from "../source.ts";
import { kindOf } from "./metric.ts";
import { type Judgement, problem, type Subject } from "./rule.ts";

type Canary = NonNullable<Service["canary"]>;
type Check = Canary["checks"][number];
type Step = Canary["steps"][number];
type Metric = Service["metrics"][string];

/** Increases that are read this many times in a window are put together, and can no longer be told apart. */
const MOST_READS = 120;

export function isAdvisory({ rule }: Check): boolean {
  return rule.kind === "compare" && rule.level === "advisory";
}

/** Whether a step ends with all the traffic on the candidate. */
export function whole(step: Step): boolean {
  return (step.kind === "ramp" ? step.to : step.share) === 10_000;
}

/** Failures, and events: there are tests that show that these are not harmful. */
function isProvable(metric: Metric): boolean {
  return kindOf(metric) === "ratio" || (metric.source === "scrape" && metric.measure.kind === "rate");
}

/** A comparison needs counts of failures and of requests, on both pools, and something that it can tell apart. */
export function* comparedRules(
  check: Check,
  metric: Metric | undefined,
  path: Path,
  written: Subject["written"],
): Iterable<Judgement> {
  const { rule } = check;
  if (rule.kind !== "compare") return;
  const { ratio, delta } = rule.harmful;
  if (delta === 0 && ratio <= 1 + rule.margin) {
    const message = `${ratio} times the failures of stable would be harmful, and ${Number((1 + rule.margin).toPrecision(6))} times are allowed by margin; it must be more, or have a delta above 0`;
    yield problem([...path, "harmful"], message);
  }
  if (metric === undefined) return;
  for (const key of ["beta", "harmful"] as const)
    if (!isProvable(metric) && written([...path, key]) !== undefined)
      yield problem(
        [...path, key],
        `has no effect: only of failures and of a rate can it be shown that they are not harmful; remove it`,
      );
  if (metric.source !== "nginx" && metric.source !== "scrape") {
    const message = `${check.metric} comes ready from ${metric.source}, which cannot be compared; compare: stable takes the sources nginx and scrape, and others take above or below`;
    yield problem([...path, "compare"], message);
  } else if (metric.source === "scrape" && metric.intervalMs * MOST_READS <= metric.windowMs) {
    const message = `${check.metric} is read every ${formatDuration(metric.intervalMs)}, more than ${MOST_READS} times in its window of ${formatDuration(metric.windowMs)}; for a comparison its interval must be longer, or its window shorter`;
    yield problem([...path, "compare"], message);
  }
}

/** One chance for all comparisons together needs some, and none with a chance of its own. */
export function* sharedAlphaRules(checks: readonly Check[], base: Path, written: Subject["written"]): Iterable<Judgement> {
  if (written([...base, "alpha"]) === undefined) return;
  if (!checks.some(({ rule }) => rule.kind === "compare"))
    yield problem([...base, "alpha"], "has no effect: there is no check with compare: stable; remove it", "key");
  for (const index of checks.keys())
    if (written([...base, "checks", index, "alpha"]) !== undefined)
      yield problem(
        [...base, "checks", index, "alpha"],
        "is shared by all comparisons under canary.alpha; remove one of the two",
      );
}

/** Where all the traffic is on the candidate, nothing is left to compare with: a fixed bound has to decide, or nobody. */
export function* wholeRules({ checks, steps, bakeMs }: Canary, base: Path): Iterable<Judgement> {
  const advisory = checks.filter(isAdvisory).map(({ name }) => name);
  const compared = checks.filter(({ rule }) => rule.kind === "compare").map(({ name }) => name);
  const bounded = checks.length > compared.length;
  const [first] = compared;
  if (first === undefined) return;
  for (const [index, step] of steps.entries()) {
    const path = [...base, "steps", index];
    for (const [at, need] of (step.needs ?? []).entries()) {
      if (advisory.includes(need))
        yield problem([...path, "needs", at], `${need} is advisory, and holds no step; remove it here, or its level`);
      else if (whole(step) && compared.includes(need))
        yield problem([...path, "needs", at], `${nothingLeft(need)}; it must name checks with above or below, or be []`);
    }
    // An approval needs no check unless it names some.
    if (whole(step) && step.kind !== "approval" && step.needs === null && !bounded)
      yield problem(path, `${nothingLeft(first)}; say needs: [], or add a check with above or below`);
  }
  if (bakeMs > 0 && !bounded)
    yield problem([...base, "bake"], `${nothingLeft(first)}; it must be 0s, or there must be a check with above or below`);
}

/** A step that ends with its evidence has some: a check that it needs. At 100 % without a fixed bound the rule above says more. */
export function* evidenceRules({ checks, steps }: Canary, base: Path): Iterable<Judgement> {
  const critical = checks.filter((check) => !isAdvisory(check));
  for (const [index, step] of steps.entries()) {
    const none = step.needs === null ? critical.length === 0 : step.needs.length === 0;
    if (step.kind === "evidence" && none)
      yield problem(
        [...base, index, "until"],
        "waits for evidence, and needs no check that could give it; add a check, or say for: instead",
      );
  }
}

function nothingLeft(check: string): string {
  return `has all the traffic on the candidate, and leaves ${check} nothing to compare with`;
}
