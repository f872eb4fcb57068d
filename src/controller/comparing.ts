import { BLOCK_MS } from "../analysis/gauge.ts";
import { totalOf } from "../analysis/latency-buckets.ts";
import {
  beginTrialStep,
  joinSeen,
  nothingSeen,
  observeFull,
  observeRead,
  type Seen,
  startTrial,
  type Trial,
  type TrialRule,
} from "../analysis/trial.ts";
import { countedOf, evidenceOf } from "../analysis/trial-numbers.ts";
import type { Check, CompareRule } from "../core/check.ts";
import type { Arms } from "../core/ports.ts";
import type { Metric } from "../core/service.ts";
import { type Ms, never } from "../core/units.ts";
import type { Closed } from "./windows.ts";

/** A check that compares the candidate with stable. */
export type CompareCheck = Check & { readonly rule: CompareRule };

/**
 * What is stored of a comparison: its tests, the window that is being filled, and up to when counts were taken, in one value, so that
 * a kill counts nothing twice and loses nothing.
 */
export type Compared = {
  /** The step's entry that the evidence for the candidate belongs to. */
  readonly entry: number;
  /** Controller time up to which counts were taken. */
  readonly to: Ms;
  /** The evidence window that is being filled. */
  readonly open: Open;
  /** Windows of this entry that are full, and how long they were together. */
  readonly full: { readonly windows: number; readonly ms: Ms };
  readonly trial: Trial;
  /** All the traffic is on the candidate in this entry. */
  readonly alone: boolean;
  /** Windows that were full in this read; they are recorded apart. */
  readonly closed: readonly Closed[];
};

export type Open = { readonly ms: Ms; readonly seen: Seen };

const NONE_FULL = { windows: 0, ms: 0 };

/** Shorter windows take a burst for a trend: 10 s ones aborted a quarter of the healthy, bursty canaries (section 1 of the method). */
const WINDOW_MS: Ms = 60_000;
/** Enough where the canary has this many requests a minute. */
const BUSY_WINDOW_MS: Ms = 30_000;
const BUSY_PER_MINUTE = 500;

export function isCompare(check: Check): check is CompareCheck {
  return check.rule.kind === "compare";
}

const OF_SCRAPE = { ratio: "failures", quantile: "buckets", rate: "events", gauge: "gauge" } as const;

/** What a comparison by this metric compares. */
function comparedOf(metric: Metric): Trial["of"] {
  switch (metric.source) {
    case "nginx":
      return metric.measure === "errors" ? "failures" : "latencies";
    case "scrape":
      return OF_SCRAPE[metric.measure.kind];
    case "prometheus":
    case "http":
    case "command":
      throw new Error(`${metric.name} comes ready from ${metric.source}, and cannot be compared`);
    default:
      return never(metric);
  }
}

/**
 * Where counts are taken from next. A new step keeps the evidence of harm and has to show health anew, in windows of its own; a
 * window that was half full by its beginning still tells of harm.
 */
export function enterStep(
  before: Compared | null,
  check: CompareCheck,
  step: { readonly entry: number; readonly since: Ms; readonly alone: boolean; readonly metric: Metric },
): Compared {
  const { entry, since, alone, metric } = step;
  const of = comparedOf(metric);
  const rule = alone ? ruleOf(check) : null;
  if (before === null)
    return {
      entry,
      to: since,
      open: empty(of),
      full: NONE_FULL,
      trial: beginTrialStep(startTrial(of), rule),
      alone,
      closed: [],
    };
  if (before.entry === entry) return before;
  const worth = before.open.ms >= (metric.windowMs < BUSY_WINDOW_MS ? metric.windowMs : WINDOW_MS) / 2;
  const { trial, closed } = worth ? closeWindow(before, check) : before;
  return {
    entry,
    to: Math.max(before.to, since),
    open: empty(of),
    full: NONE_FULL,
    trial: beginTrialStep(trial, rule),
    alone,
    closed,
  };
}

/** Takes in what both pools did since the last time: for the fast path at once, for the rest once a window is full. */
export function takeIn(before: Compared, check: CompareCheck, arms: Arms, windowMs: Ms): Compared {
  const ms = arms.to - arms.from;
  const trial = observeRead(before.trial, ruleOf(check), arms, ms);
  const open = { ms: before.open.ms + ms, seen: joinSeen(before.open.seen, arms) };
  const next = { ...before, to: arms.to, open, trial };
  return open.ms >= fullMs(open, windowMs) ? closeWindow(next, check) : next;
}

function closeWindow(state: Compared, check: CompareCheck): Compared {
  const { entry, to, open, full, trial } = state;
  const next = observeFull(trial, ruleOf(check), open.seen, open.ms);
  return {
    ...state,
    open: empty(trial.of),
    full: { windows: full.windows + 1, ms: full.ms + open.ms },
    trial: next,
    closed: [...state.closed, { entry, to, ms: open.ms, ...countedOf(open.seen, trial), ...evidenceOf(next) }],
  };
}

function empty(of: Trial["of"]): Open {
  return { ms: 0, seen: nothingSeen(of) };
}

/** How long the open window has to be. Only the traffic decides, never its failures: windows that end where it suits prove nothing. */
export function fullMs({ seen, ms }: Open, windowMs: Ms): Ms {
  if (seen.of === "gauge" && windowMs >= BUSY_WINDOW_MS) return BLOCK_MS;
  return evidenceWindowMs(ms === 0 ? 0 : (requestsOf(seen) * 60_000) / ms, windowMs);
}

/** How long an evidence window is where the candidate has so many requests a minute, and the metric such a window. */
export function evidenceWindowMs(requestsPerMinute: number, windowMs: Ms): Ms {
  if (windowMs < BUSY_WINDOW_MS) return windowMs;
  return requestsPerMinute >= BUSY_PER_MINUTE ? BUSY_WINDOW_MS : WINDOW_MS;
}

/** Requests of the candidate; 0 where none are counted. */
export function requestsOf(seen: Seen): number {
  switch (seen.of) {
    case "failures":
      return seen.canary.n;
    case "latencies":
      return totalOf(seen.canary);
    case "buckets":
      return seen.canary.n;
    case "events":
    case "gauge":
      return 0;
    default:
      return never(seen);
  }
}

export function ruleOf({ rule, minRequests }: CompareCheck): TrialRule {
  return {
    allowed: { rho: 1 + rule.margin, delta: 0 },
    harmful: { rho: rule.harmful.ratio, delta: rule.harmful.delta },
    alpha: rule.alpha,
    beta: rule.beta,
    margin: rule.margin,
    minRequests,
  };
}
