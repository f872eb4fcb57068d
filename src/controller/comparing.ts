import { compareVerdict, mayAdvanceUnproved } from "../analysis/compare-verdict.ts";
import {
  beginStep,
  type Comparison,
  type ComparisonRule,
  NO_COMPARISON,
  observeScrape,
  observeWindow,
} from "../analysis/comparison.ts";
import { addCounts, type Counts, NO_COUNTS } from "../analysis/counts.ts";
import { type Decision, decide } from "../analysis/decision.ts";
import type { Arms } from "../core/ports.ts";
import type { Verdict } from "../core/rollout.ts";
import type { Check, CompareRule } from "../core/service.ts";
import type { Ms, PoolName } from "../core/units.ts";

/** A check that compares the candidate with stable. */
export type CompareCheck = Check & { readonly rule: CompareRule };

/**
 * What is stored of a comparison: its tests, the window that is being filled, and up to when counts were taken, in one value, so that
 * a kill counts nothing twice and loses nothing.
 */
export type Compared = {
  /** The step's entry that the evidence of health belongs to. */
  readonly entry: number;
  /** Controller time up to which counts were taken. */
  readonly to: Ms;
  readonly open: Open;
  readonly comparison: Comparison;
};

/** The evidence window that is being filled. */
type Open = { readonly ms: Ms; readonly canary: Counts; readonly stable: Counts };

const EMPTY: Open = { ms: 0, canary: NO_COUNTS, stable: NO_COUNTS };

/** Shorter windows take a burst for a trend: 10 s ones aborted a quarter of the healthy, bursty canaries (section 1 of the method). */
const WINDOW_MS: Ms = 60_000;
/** Enough where the canary has this many requests a minute. */
const BUSY_WINDOW_MS: Ms = 30_000;
const BUSY_PER_MINUTE = 500;

export function isCompare(check: Check): check is CompareCheck {
  return check.rule.kind === "compare";
}

/**
 * Where counts are taken from next. A new step keeps the evidence of harm and has to show health anew, in windows of its own; a
 * window that was half full by its beginning still tells of harm.
 */
export function enterStep(
  before: Compared | null,
  check: CompareCheck,
  step: { readonly entry: number; readonly since: Ms; readonly windowMs: Ms },
): Compared {
  const { entry, since } = step;
  if (before === null) return { entry, to: since, open: EMPTY, comparison: NO_COMPARISON };
  if (before.entry === entry) return before;
  const worth = before.open.ms >= (step.windowMs < BUSY_WINDOW_MS ? step.windowMs : WINDOW_MS) / 2;
  const comparison = worth ? closeWindow(before, check) : before.comparison;
  return { entry, to: Math.max(before.to, since), open: EMPTY, comparison: beginStep(comparison) };
}

/** Takes in what both pools did since the last time: for the fast path at once, for the rest once a window is full. */
export function takeIn(before: Compared, check: CompareCheck, arms: Arms, windowMs: Ms): Compared {
  const ms = arms.to - arms.from;
  const comparison = observeScrape(before.comparison, ruleOf(check), arms, ms);
  const open = {
    ms: before.open.ms + ms,
    canary: addCounts(before.open.canary, arms.canary),
    stable: addCounts(before.open.stable, arms.stable),
  };
  const next = { ...before, to: arms.to, open, comparison };
  return open.ms >= fullMs(open, windowMs) ? { ...next, open: EMPTY, comparison: closeWindow(next, check) } : next;
}

function closeWindow({ open, comparison }: Compared, check: CompareCheck): Comparison {
  return observeWindow(comparison, ruleOf(check), { canary: open.canary, stable: open.stable }, open.ms);
}

/** How long the open window has to be. Only the traffic decides, never its failures: windows that end where it suits prove nothing. */
function fullMs(open: Open, windowMs: Ms): Ms {
  return evidenceWindowMs(open.ms === 0 ? Number.POSITIVE_INFINITY : (open.canary.n * 60_000) / open.ms, windowMs);
}

/** How long an evidence window is where the canary has so many requests a minute; `windowMs` is the metric's own. */
export function evidenceWindowMs(perMinute: number, windowMs: Ms): Ms {
  if (windowMs < BUSY_WINDOW_MS) return windowMs;
  return perMinute >= BUSY_PER_MINUTE ? BUSY_WINDOW_MS : WINDOW_MS;
}

/** The rule of a check, as the tests take it. */
export function ruleOf({ rule }: CompareCheck): ComparisonRule {
  return {
    allowed: { rho: 1 + rule.margin, delta: 0 },
    harmful: { rho: rule.harmful.ratio, delta: rule.harmful.delta },
    alpha: rule.alpha,
    beta: rule.beta,
  };
}

/** What a comparison says now. `problem` is why the newest read cannot be trusted: then nothing passes, and a proven harm still fails. */
export function compareVerdictOf(
  { comparison, open }: Compared,
  check: CompareCheck,
  names: { readonly canary: PoolName; readonly stable: PoolName },
  windowMs: Ms,
  problem: string | null,
): Verdict {
  const decision = decide(comparison, ruleOf(check));
  const limit = `${names.stable} + ${Number((100 * check.rule.margin).toPrecision(3))} %`;
  const verdict = { ...compareVerdict(check.name, decision, names), limit };
  if (verdict.is === "fail") return verdict;
  if (problem !== null) return { ...verdict, is: "error", text: problem };
  const harmless = mayAdvanceUnproved(decision, check.minRequests);
  const told: Verdict = harmless ? verdict : { ...verdict, suspicious: "too little evidence, or some against the candidate" };
  if (decision.cause === "nothing yet") return { ...told, text: filling(open, names.canary, fullMs(open, windowMs)) };
  const { n } = decision.step.canary;
  if (verdict.is === "pass" && n < check.minRequests)
    return { ...told, is: "inconclusive", text: `${verdict.text}; ${n} of ${check.minRequests} requests on ${names.canary}` };
  return verdict.is === "pass" ? verdict : { ...told, text: `${verdict.text}${timeLeft(decision)}` };
}

function filling({ ms, canary }: Open, name: PoolName, needed: Ms): string {
  return `the first window fills: ${seconds(ms)} of ${seconds(needed)}, ${canary.x} of ${canary.n} requests failed on ${name} so far`;
}

/** How long the requests take that are still needed, at the traffic of this step. */
function timeLeft({ cause, requestsNeeded, step }: Decision): string {
  if (cause !== "undecided" || requestsNeeded === null || step.ms === 0 || step.canary.n === 0) return "";
  return `, ${seconds((requestsNeeded * step.ms) / step.canary.n)} at this rate`;
}

function seconds(ms: Ms): string {
  return ms >= 600_000 ? `${Math.round(ms / 60_000)} min` : `${Number((ms / 1000).toPrecision(2))} s`;
}
