import {
  beginStep,
  type Comparison,
  type ComparisonRule,
  NO_COMPARISON,
  observeScrape,
  observeWindow,
} from "../analysis/comparison.ts";
import { isComparable } from "../analysis/counts.ts";
import { type Decision, decide } from "../analysis/decision.ts";
import { type Gauge, logGauge, NO_GAUGE, observeGauge } from "../analysis/gauge.ts";
import { beginLatencyStep, type Latency, NO_LATENCY, observeLatency } from "../analysis/latency.ts";
import { bucketed } from "../analysis/latency-buckets.ts";
import { decideLatency, type LatencyDecision, type LatencyRule } from "../analysis/latency-decision.ts";
import { betPlain, HARM_GRID, logGains, logOfPlain, type Plain, startPlain } from "../analysis/ratio.ts";
import { logSlowShare, NO_SLOW_SHARE, observeSlowShare, type SlowShare } from "../analysis/slow-share.ts";
import type { Recorded } from "./recording.ts";

/** What a recording is judged by. */
export type ReplayRule = {
  readonly failures: ComparisonRule;
  readonly latency: LatencyRule;
  /** RatioE without its guards. */
  readonly plain: boolean;
};

/** A recorded window, and what was decided after it. */
export type Judged = {
  readonly recorded: Recorded;
  readonly is: "revert" | "advance" | "hold";
  readonly failures: Decision;
  /** Null before the recording has any latencies. */
  readonly latency: LatencyDecision | null;
  /** ln of the evidence that the canary is slower, from latencies or from buckets; null where there are neither. */
  readonly logSlower: number | null;
  /** The part of it that comes from buckets, or null. */
  readonly logSlowShare: number | null;
  /** ln of the evidence that a gauge is higher on the canary, which decides nothing; null where there is none. */
  readonly logGauge: number | null;
  /** Why buckets cannot be compared, or null. */
  readonly problem: string | null;
};

/** What is kept between two windows of a recording. */
export type Replay = {
  readonly step: string | null;
  readonly comparison: Comparison;
  readonly plain: Plain;
  readonly latency: Latency | null;
  readonly slowShare: SlowShare | null;
  readonly gauge: Gauge | null;
};

export const NO_REPLAY: Replay = {
  step: null,
  comparison: NO_COMPARISON,
  plain: startPlain(HARM_GRID.length),
  latency: null,
  slowShare: null,
  gauge: null,
};

/** One window of a recording, as a rollout would have taken it; a window is also the scrape that the fast path looks at. */
export function replay(state: Replay, rule: ReplayRule, recorded: Recorded): readonly [Replay, Judged] {
  const { window } = recorded;
  const isNewStep = recorded.step !== state.step;
  // How long a window lasted is not recorded, and no evidence depends on it.
  const scraped = observeScrape(isNewStep ? beginStep(state.comparison) : state.comparison, rule.failures, window, 0);
  if (recorded.part) {
    const part = { ...state, step: recorded.step, comparison: scraped };
    return [part, judge(part, rule, recorded)];
  }
  const next: Replay = {
    step: recorded.step,
    comparison: observeWindow(scraped, rule.failures, window, 0),
    plain: isComparable(window) ? betPlain(state.plain, logGains(rule.failures.allowed, HARM_GRID, window)) : state.plain,
    latency: latencyOf(isNewStep && state.latency !== null ? beginLatencyStep(state.latency) : state.latency, rule, recorded),
    slowShare: slowShareOf(state.slowShare, recorded),
    gauge: recorded.gauge === null ? state.gauge : observeGauge(state.gauge ?? NO_GAUGE, "positive", [recorded.gauge]),
  };
  return [next, judge(next, rule, recorded)];
}

function latencyOf(state: Latency | null, { latency }: ReplayRule, { latencies }: Recorded): Latency | null {
  if (latencies === null) return state;
  const canary = bucketed(latencies.canary, latency.margin);
  return observeLatency(state ?? NO_LATENCY, { canary, stable: bucketed(latencies.stable) });
}

function slowShareOf(state: SlowShare | null, { buckets }: Recorded): SlowShare | null {
  return buckets === null ? state : observeSlowShare(state ?? NO_SLOW_SHARE, buckets.canary, buckets.stable);
}

function judge(state: Replay, rule: ReplayRule, recorded: Recorded): Judged {
  const failures = decide(state.comparison, rule.failures, rule.plain ? (logOfPlain(state.plain) ?? 0) : undefined);
  const latency = state.latency === null ? null : decideLatency(state.latency, rule.latency);
  const logShare = state.slowShare === null ? null : logSlowShare(state.slowShare);
  const logSlower = latency === null ? logShare : Math.max(latency.logSlower, logShare ?? Number.NEGATIVE_INFINITY);
  const isSlow = logSlower !== null && logSlower >= Math.log(1 / rule.latency.alpha);
  const problem = state.slowShare?.problem ?? null;
  const isHeld = problem !== null || (latency !== null && latency.is !== "advance");
  const is = isSlow ? "revert" : failures.is === "advance" && isHeld ? "hold" : failures.is;
  const logOfGauge = state.gauge === null ? null : logGauge(state.gauge);
  return { recorded, is, failures, latency, logSlower, logSlowShare: logShare, logGauge: logOfGauge, problem };
}
