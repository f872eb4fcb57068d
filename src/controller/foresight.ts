import { mostLost, requestsToAdvance, smallestDetectable, type Traffic } from "../analysis/power.ts";
import { type Alone, mostLostAlone, smallestDetectableAlone } from "../analysis/power-alone.ts";
import { type Check, canRevert } from "../core/check.ts";
import type { PlannedCheck, PlannedStep } from "../core/planned.ts";
import type { Step } from "../core/rollout.ts";
import { countsRequests, type Metric, unitOf } from "../core/service.ts";
import { type Bp, type Ms, type PoolName, WHOLE } from "../core/units.ts";
import { shareOf } from "../core/want.ts";
import { type CompareCheck, evidenceWindowMs, isCompare, ruleOf } from "./comparing.ts";

/** The traffic that is foreseen: requests a second of the whole service, and the part of stable's that fail. */
export type Expected = { readonly requestsPerS: number; readonly errorRatio: number };

/** Everything that the checks of a step are foreseen from. */
export type Prospect = {
  readonly step: Step;
  /** The steps before it. */
  readonly earlier: readonly Step[];
  readonly to: PoolName;
  readonly checks: readonly Check[];
  /** The service's metrics, by name. */
  readonly metrics: Readonly<Record<string, Metric>>;
  /** Null where no rate is known. */
  readonly expected: Expected | null;
};

type Foreseen = { readonly checks: readonly PlannedCheck[]; readonly mostLost: PlannedStep["mostLost"] };

/** A revert reaches nginx within this time of the evidence. */
const REACT_MS: Ms = 2_000;
/** nginx's log is read without waiting for the interval while the candidate fails; this is more than such a read takes. */
const HURRIED_MS: Ms = 1_000;
/** Beyond so many windows a test finds little more, and the search would hold up everybody else. */
const MOST_WINDOWS = 500;

/** True for a step that lasts: what it is there for is to be judged in it. */
export function lasts({ leastMs, untilEvidence, after }: Step): boolean {
  return leastMs > 0 || untilEvidence || after.length > 0;
}

/** What the checks can see in a step, and what a total failure of the candidate would cost in it. */
export function foresee(prospect: Prospect): Foreseen {
  const { step, to, checks } = prospect;
  if (!lasts(step) || mostShare(step, to) === 0) return { checks: [], mostLost: null };
  const judging = checks.filter((check) => !isAlone(step, to) || !isCompare(check) || isRecorded(prospect, check));
  const figures = judging.map((check) => figuresOf(prospect, check));
  const losses = figures.flatMap(({ name, mostLost: requests }, index) => {
    const check = judging[index];
    return requests === null || check === undefined || !canRevert(check) ? [] : [{ requests, check: name }];
  });
  return { checks: figures, mostLost: losses.sort((a, b) => a.requests - b.requests)[0] ?? null };
}

/** True where all the traffic is on the candidate: comparisons are made with what was recorded of stable, and pass nothing. */
function isAlone(step: Step, to: PoolName): boolean {
  return meanShare(step, to) === WHOLE;
}

/** Whether stable is expected to have been seen before, by the same check. */
function isRecorded(prospect: Prospect, check: Check): boolean {
  const metric = metricOf(prospect, check);
  if (unitOf(metric) !== "ratio") return false;
  return prospect.earlier.some((step) => step.leastMs > 0 && mostShare(step, prospect.to) > 0 && !isAlone(step, prospect.to));
}

/** What is expected to have been seen of stable in the least times of the steps before. */
function recordedOf(prospect: Prospect, metric: Metric, canaryPerS: number): Alone {
  const { earlier, to } = prospect;
  const before = earlier.flatMap((step) => {
    const share = meanShare(step, to);
    const traffic = share === 0 || share === WHOLE ? null : seen(prospect, metric, share);
    if (traffic === null) return [];
    const n = (traffic.stablePerS * step.leastMs) / 1_000;
    return {
      n,
      x: n * traffic.stableRate,
      windows: Math.floor(step.leastMs / evidenceWindowMs(traffic.canaryPerS * 60, metric.windowMs)),
    };
  });
  const sum = (of: "n" | "x" | "windows") => before.reduce((total, one) => total + one[of], 0);
  return { canaryPerS, stable: { n: sum("n"), x: sum("x") }, windows: sum("windows") };
}

/** The candidate's share over the step: of a ramp the mean, so that its requests are as many as they will be. */
export function meanShare({ ramp, want }: Step, to: PoolName): Bp {
  return ramp === null ? shareOf(want.shares, to) : (ramp.fromBp + ramp.toBp) / 2;
}

/** The largest share at which a comparison is possible, where the step has several. */
function mostShare({ ramp, want }: Step, to: PoolName): Bp {
  if (ramp === null) return shareOf(want.shares, to);
  return ramp.toBp === WHOLE ? Math.max(ramp.fromBp, WHOLE - ramp.quantumBp) : ramp.toBp;
}

function metricOf({ metrics }: Prospect, check: Check): Metric {
  const metric = metrics[check.metric];
  if (metric === undefined) throw new Error(`the check ${check.name} names no metric of its service: ${check.metric}`);
  return metric;
}

/** The part of the requests that a metric counts: nginx writes as many down as the metric of a service that wants the most. */
function seenPart({ metrics }: Prospect, metric: Metric): number {
  if (metric.source !== "nginx") return 1;
  const samples = Object.values(metrics).flatMap((one) => (one.source === "nginx" ? one.sample : []));
  return Math.max(...samples) / WHOLE;
}

/** What a metric counts of the traffic where the candidate has a share; null where no rate is known, or it counts nothing. */
function seen(prospect: Prospect, metric: Metric, share: Bp): Traffic | null {
  const { expected } = prospect;
  if (expected === null || !countsRequests(metric)) return null;
  const perS = expected.requestsPerS * seenPart(prospect, metric);
  const part = share / WHOLE;
  return { canaryPerS: perS * part, stablePerS: perS * (1 - part), stableRate: expected.errorRatio };
}

function figuresOf(prospect: Prospect, check: Check): PlannedCheck {
  const { step, to } = prospect;
  const metric = metricOf(prospect, check);
  const traffic = seen(prospect, metric, meanShare(step, to));
  const named = { name: check.name, needed: step.needs.includes(check.name), mostLost: lossOf(prospect, check) };
  if (isCompare(check) && isAlone(step, to))
    return { ...named, kind: "compare", ...aloneFigures(prospect, check, metric, traffic) };
  if (isCompare(check)) return { ...named, kind: "compare", ...comparedFigures(step, check, metric, traffic) };
  return { ...named, kind: "bound", ...boundFigures(step, check, metric, traffic) };
}

type Figures = Omit<PlannedCheck, "name" | "kind" | "needed" | "mostLost">;

const UNKNOWN: Figures = { foreseen: false, requests: null, requestsToPass: null, passesAfterMs: null, detects: null };

function comparedFigures(step: Step, check: CompareCheck, metric: Metric, traffic: Traffic | null): Figures {
  if (traffic === null || unitOf(metric) !== "ratio") return countedFigures(step, traffic);
  const rule = ruleOf(check);
  const windowMs = evidenceWindowMs(traffic.canaryPerS * 60, metric.windowMs);
  const healthy = requestsToAdvance(rule, traffic);
  const requestsToPass = healthy === null ? null : Math.max(healthy, check.minRequests);
  const windows = requestsToPass === null ? null : Math.ceil((requestsToPass / traffic.canaryPerS) * (1_000 / windowMs));
  return {
    foreseen: true,
    requests: Math.round((traffic.canaryPerS * step.leastMs) / 1_000),
    requestsToPass,
    passesAfterMs: windows === null ? null : windows * windowMs,
    detects: smallestDetectable(rule, traffic, Math.min(step.leastMs, windowMs * MOST_WINDOWS), windowMs),
  };
}

/** Of a comparison with what was recorded: it can send back, and passes nothing. */
function aloneFigures(prospect: Prospect, check: CompareCheck, metric: Metric, traffic: Traffic | null): Figures {
  if (traffic === null) return UNKNOWN;
  const { leastMs } = prospect.step;
  const windowMs = evidenceWindowMs(traffic.canaryPerS * 60, metric.windowMs);
  const alone = recordedOf(prospect, metric, traffic.canaryPerS);
  return {
    ...countedFigures(prospect.step, traffic),
    foreseen: true,
    detects: smallestDetectableAlone(ruleOf(check), alone, Math.min(leastMs, windowMs * MOST_WINDOWS), windowMs),
  };
}

/** Of a comparison for which there is no outlook, as of latencies: no more than how many requests it sees. */
function countedFigures({ leastMs }: Step, traffic: Traffic | null): Figures {
  return traffic === null ? UNKNOWN : { ...UNKNOWN, requests: Math.round((traffic.canaryPerS * leastMs) / 1_000) };
}

function boundFigures(step: Step, check: Check, metric: Metric, traffic: Traffic | null): Figures {
  if (traffic === null) return { ...UNKNOWN, passesAfterMs: countsRequests(metric) ? null : metric.windowMs };
  const requests = Math.round((traffic.canaryPerS * step.leastMs) / 1_000);
  const enough = (traffic.canaryPerS * metric.windowMs) / 1_000 >= Math.max(1, check.minRequests);
  const bad = badPart(check, metric);
  return {
    foreseen: bad !== null,
    requests,
    requestsToPass: Math.max(1, check.minRequests),
    passesAfterMs: enough ? metric.windowMs : null,
    detects: bad !== null && enough && requests >= check.minRequests ? bad : null,
  };
}

/** The part of failed requests at which a fixed bound is broken; null where the metric is no part of the requests. */
function badPart({ rule }: Check, metric: Metric): number | null {
  if (rule.kind === "compare" || unitOf(metric) !== "ratio") return null;
  return rule.kind === "below" ? rule.bound : 1 - rule.bound;
}

/** What it costs until a check has seen that everything fails; null where it never does, or that is not known. */
function lossOf(prospect: Prospect, check: Check): number | null {
  const metric = metricOf(prospect, check);
  const traffic = seen(prospect, metric, mostShare(prospect.step, prospect.to));
  if (traffic === null || unitOf(metric) !== "ratio") return null;
  const lost = isCompare(check) ? lostByComparison(prospect, check, metric, traffic) : lostByBound(check, metric, traffic);
  return lost === null ? null : Math.ceil(lost / seenPart(prospect, metric));
}

function lostByComparison(prospect: Prospect, check: CompareCheck, metric: Metric, traffic: Traffic): number | null {
  const everyMs = readEveryMs(metric);
  if (!isAlone(prospect.step, prospect.to)) return mostLost(ruleOf(check).allowed, traffic, everyMs, REACT_MS);
  return mostLostAlone(ruleOf(check), recordedOf(prospect, metric, traffic.canaryPerS), everyMs, REACT_MS);
}

/** How often a metric is read while everything fails. */
function readEveryMs({ source, intervalMs }: Metric): Ms {
  return source === "nginx" ? Math.min(intervalMs, HURRIED_MS) : intervalMs;
}

/**
 * A fixed bound is broken once its part of a full window has failed, and there are enough requests; it is looked at once in an
 * interval, and the failure is taken to begin just after a look.
 */
function lostByBound(check: Check, metric: Metric, { canaryPerS }: Traffic): number | null {
  const bad = badPart(check, metric);
  if (bad === null || canaryPerS === 0) return null;
  const untilMs = Math.max(bad * metric.windowMs, (check.minRequests / canaryPerS) * 1_000);
  if (untilMs > metric.windowMs) return null;
  const everyMs = readEveryMs(metric);
  const seenMs = Math.max(1, Math.ceil(untilMs / everyMs)) * everyMs;
  return Math.ceil((canaryPerS * (seenMs + REACT_MS)) / 1_000);
}
