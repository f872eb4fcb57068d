import type { EventView, RolloutView } from "../core/view.ts";
import { percentOfBp } from "./figures.ts";
import type { Points } from "./points.ts";

export type Quantile = "p50Ms" | "p95Ms" | "p99Ms";

/** Of each pool one list, as long as `at`; null where there is nothing to draw. */
export type Lines = Readonly<Record<string, readonly (number | null)[]>>;

/** One bad request of three would be a tower: failures are shown as a part of the requests of this many points. */
export const SMOOTHED = 5;

export function requestsPerS({ everyMs, pools }: Points): Lines {
  return map(pools, ({ requests }) => requests.map((n) => (n * 1_000) / everyMs));
}

/** The part of the requests that failed, over the last `SMOOTHED` points. */
export function errorRatio({ pools }: Points): Lines {
  return map(pools, ({ requests, failed }) =>
    requests.map((_, at) => {
      const n = sum(requests.slice(Math.max(0, at + 1 - SMOOTHED), at + 1));
      return n === 0 ? null : sum(failed.slice(Math.max(0, at + 1 - SMOOTHED), at + 1)) / n;
    }),
  );
}

export function latencyMs({ pools }: Points, quantile: Quantile): Lines {
  return map(pools, (series) => series[quantile]);
}

function sum(all: readonly number[]): number {
  return all.reduce((a, b) => a + b, 0);
}

function map(pools: Points["pools"], line: (series: Points["pools"][string]) => readonly (number | null)[]): Lines {
  return Object.fromEntries(Object.entries(pools).map(([pool, series]) => [pool, line(series)]));
}

/** Fewer requests than this say nothing of how they are divided. */
const LEAST = 20;

export type Observed = { readonly shares: Readonly<Record<string, number>> | null; readonly requests: number };

/** How the requests were divided since an instant (seconds since 1970), in basis points; null shares where there were too few. */
export function dividedSince({ at, pools }: Points, since: number): Observed {
  const counts = Object.entries(pools).map(
    ([pool, { requests }]) => [pool, sum(requests.filter((_, i) => (at[i] ?? 0) >= since))] as const,
  );
  const requests = sum(counts.map(([, n]) => n));
  if (requests < LEAST) return { shares: null, requests };
  return { shares: Object.fromEntries(counts.map(([pool, n]) => [pool, Math.round((n / requests) * 10_000)])), requests };
}

/** Where a step began or the direction changed: `at` in seconds since 1970. */
export type Boundary = { readonly at: number; readonly label: string };

/** When the shares of a step that is served already were moved on last, in seconds since 1970: a ramp does so; null where none was. */
export function rampedAt(events: readonly EventView[]): number | null {
  const moves = events.filter(({ kind }) => kind === "applying" || SERVED.includes(kind));
  const last = moves.at(-1);
  const before = moves.findLast(({ kind }) => SERVED.includes(kind));
  if (last?.kind !== "applying" || before?.step !== last.step || before.rollout !== last.rollout) return null;
  return Date.parse(last.at) / 1_000;
}

const SERVED: readonly string[] = ["observing", "reverting", "promoted"];

/** From what the journal says that nginx served, and when. */
export function boundaries(events: readonly EventView[], rollout: RolloutView | null): readonly Boundary[] {
  return events.flatMap((event): readonly Boundary[] => {
    const label = labelOf(event, rollout);
    return label === null ? [] : [{ at: Date.parse(event.at) / 1_000, label }];
  });
}

function labelOf({ kind, step, rollout: id }: EventView, rollout: RolloutView | null): string | null {
  if (kind === "reverting") return "back";
  if (kind === "promoted") return "promoted";
  if (kind !== "observing" || step === null) return null;
  const share = id === rollout?.id && rollout.rolling === null ? rollout?.steps[step]?.shares[rollout.to] : undefined;
  return share === undefined ? `step ${step + 1}` : percentOfBp(share);
}
