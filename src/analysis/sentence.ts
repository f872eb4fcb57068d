import type { AftermathDecision } from "./aftermath.ts";
import type { Span } from "./comparison.ts";
import type { Counts } from "./counts.ts";
import type { Decision } from "./decision.ts";
import type { GaugeDecision } from "./gauge-decision.ts";
import type { LatencyDecision, Slowest } from "./latency-decision.ts";
import type { SlowShareDecision } from "./slow-share-decision.ts";

/** The arms as people know them: the names of their pools. */
export type Names = {
  readonly canary: string;
  readonly stable: string;
  /** `seconds` where events are counted in the seconds of all members together; requests that failed where left out. */
  readonly exposure?: "seconds";
  /** The part of the requests that was counted, between 0 and 1; all of them where left out. Evidence is of the counts, sentences are scaled up. */
  readonly part?: number;
};

/**
 * A decision in one sentence: what happened on both arms over the same time, how strong the evidence is and how strong it had to be.
 *
 * `41 of 1 203 requests failed on green, 9 of 3 650 on blue over the same 90 s; evidence 3 100 against, 100 needed`
 */
export function sentence(decision: Decision, names: Names): string {
  switch (decision.cause) {
    case "outage":
      return `${failures(decision.scraped, names)}; ${ofOutage(decision)}: an outage, plain before any window is full`;
    case "worse":
      return `${failures(decision.step, names)}; ${against(decision)}${times(decision, names)}`;
    case "healthy":
      return `${failures(decision.step, names)}; ${inFavour(decision)}`;
    case "no canary traffic":
      return `no traffic on ${names.canary} in the last window: nothing to judge`;
    case "no stable traffic":
      return `no traffic on ${names.stable} in the last window: nothing to compare with`;
    case "nothing yet":
      return "nothing measured yet in this step";
    case "undecided":
      return `${failures(decision.step, names)}; ${inFavour(decision)}, ${against(decision)}${outlook(decision, names)}`;
    default:
      return never(decision.cause);
  }
}

/** A decision on latency in one sentence; `margin` is what was allowed (0.1 is a tenth). */
export function latencySentence(decision: LatencyDecision, names: Names, margin: number): string {
  switch (decision.cause) {
    case "too little past":
      return `too few requests on ${names.stable} yet to know what is slow`;
    case "too few requests":
      return `latency of ${grouped(decision.requests)} of ${grouped(decision.requestsNeeded)} requests on ${names.canary} so far`;
    case "slower":
    case "no slower":
    case "undecided": {
      const weighed = `evidence ${strength(decision.logSlower)} against, ${strength(decision.logSlowerNeeded)} needed`;
      return decision.slowest === null ? weighed : `${slow(decision.slowest, names, margin)}; ${weighed}`;
    }
    default:
      return never(decision.cause);
  }
}

/** A decision on latencies in given buckets in one sentence; bounds are in the histogram's own unit. */
export function slowShareSentence(decision: SlowShareDecision, names: Names): string {
  const { cause, problem, slowest, requests, requestsNeeded } = decision;
  switch (cause) {
    case "not comparable":
      return problem ?? "nothing can be compared";
    case "too little past":
      return `too few requests on ${names.stable} yet to know what is slow`;
    case "too few requests":
      return `latency of ${grouped(requests)} of ${grouped(requestsNeeded)} requests on ${names.canary} so far`;
    case "slower":
    case "no slower":
    case "undecided": {
      const weighed = `evidence ${strength(decision.logSlower)} against, ${strength(decision.logSlowerNeeded)} needed`;
      if (slowest === null) return weighed;
      const { bound, canary, stable } = slowest;
      return `${part(canary, names)} requests took more than ${bound} on ${names.canary}, ${part(stable, names)} on ${names.stable}; ${weighed}`;
    }
    default:
      return never(cause);
  }
}

function slow({ ms, canary, stable }: Slowest, names: Names, margin: number): string {
  return (
    `${part(canary, names)} requests took more than ${short(ms * (1 + margin))} ms on ${names.canary}, ` +
    `${part(stable, names)} more than ${short(ms)} ms on ${names.stable}${sampleText(names)}`
  );
}

/** A decision by recorded counts in one sentence, which says that they are recorded. */
export function aftermathSentence(decision: AftermathDecision, names: Names): string {
  const { cause, canary, stable, logHarm, logHarmNeeded, mostRate } = decision;
  if (cause === "nothing recorded") return `nothing was recorded of ${names.stable}: nothing is left to compare with`;
  const counted =
    names.exposure === "seconds"
      ? `${inSeconds(canary)} on ${names.canary} since it has all the traffic, ${inSeconds(stable)} on ${names.stable}`
      : `${part(canary, names)} requests failed on ${names.canary} since it has all the traffic, ${part(stable, names)} on ${names.stable}`;
  const most = names.exposure === "seconds" ? `${short(mostRate)} a second` : `${short(100 * mostRate)} %`;
  const recorded = `${counted} in the steps before (recorded, not at the same time; ${most} at the most)${sampleText(names)}`;
  const weighed = `${recorded}; evidence ${strength(logHarm)} against, ${strength(logHarmNeeded)} needed`;
  return cause === "outage" ? `${weighed}: an outage` : weighed;
}

/** A decision on a gauge in one sentence. */
export function gaugeSentence(decision: GaugeDecision, names: Names): string {
  const { ups, blocks, margin, logHigher, logHigherNeeded } = decision;
  if (decision.cause === "too few blocks") return `nothing compared yet in this step`;
  const times = `${ups} of ${blocks} times more than ${short(100 * margin)} % higher on ${names.canary} than on ${names.stable}`;
  return `${times}; evidence ${strength(logHigher)} against, ${strength(logHigherNeeded)} needed`;
}

function failures(span: Span, names: Names): string {
  const { canary, stable } = span;
  if (names.exposure === "seconds") {
    return `${inSeconds(canary)} on ${names.canary}, ${inSeconds(stable)} on ${names.stable} over the same ${spanned(span)}`;
  }
  return `${part(canary, names)} requests failed on ${names.canary}, ${part(stable, names)} on ${names.stable} over the same ${spanned(span)}${sampleText(names)}`;
}

function inSeconds({ n, x }: Counts): string {
  return `${grouped(x)} in ${grouped(Math.round(n))} s of members`;
}

function part({ n, x }: Counts, names: Names): string {
  if (names.part === undefined) return `${grouped(x)} of ${grouped(n)}`;
  const all = (count: number) => grouped(Number((count / (names.part ?? 1)).toPrecision(2)));
  return `about ${all(x)} of ${all(n)}`;
}

/** Says that counts are scaled up. */
export function sampleText({ part: of }: Pick<Names, "part">): string {
  return of === undefined ? "" : ` (${Number((100 * of).toPrecision(4))} % sample)`;
}

function against({ logHarm, logHarmNeeded }: Decision): string {
  return `evidence ${strength(logHarm)} against, ${strength(logHarmNeeded)} needed`;
}

function ofOutage({ logOutage, logOutageNeeded }: Decision): string {
  return `evidence ${strength(logOutage)} against, ${strength(logOutageNeeded)} needed`;
}

function inFavour({ logHealthy, logHealthyNeeded }: Decision): string {
  return `evidence ${strength(logHealthy)} for it, ${strength(logHealthyNeeded)} needed`;
}

function times({ rateRatioAbove }: Decision, names: Names): string {
  return rateRatioAbove === null || rateRatioAbove <= 1
    ? ""
    : `; more than ${short(rateRatioAbove)} times as often as on ${names.stable}`;
}

function outlook({ requestsNeeded }: Decision, names: Names): string {
  return requestsNeeded === null
    ? "; at these rates it never becomes enough"
    : `; about ${grouped(Number((requestsNeeded / (names.part ?? 1)).toPrecision(2)))} more ${names.exposure === "seconds" ? "seconds of members" : "requests"} on ${names.canary} at these rates`;
}

/** The time that was compared, or the number of windows where their length is not known. */
function spanned({ ms, windows }: Span): string {
  if (ms === 0) return windows === 1 ? "window" : `${windows} windows`;
  const seconds = Math.round(ms / 1000);
  return seconds <= 300 ? `${seconds} s` : `${short(seconds / 60)} min`;
}

/** Evidence, from its logarithm: two digits are all it means, and beyond a million only its size. */
export function strength(log: number): string {
  const power = log / Math.LN10;
  if (power >= 6) return `10^${Math.floor(power + 1e-9)}`;
  if (power < -3) return `10^${Math.ceil(power - 1e-9)}`;
  return grouped(Number(Math.exp(log).toPrecision(2)));
}

/** `1 203`: digits in threes. */
function grouped(value: number): string {
  const [whole = "", fraction] = String(value).split(".");
  const threes = whole.replace(/\B(?=(\d{3})+$)/g, " ");
  return fraction === undefined ? threes : `${threes}.${fraction}`;
}

function short(value: number): string {
  return grouped(Number(value.toPrecision(2)));
}

function never(value: never): never {
  throw new Error(`not handled: ${JSON.stringify(value)}`);
}
