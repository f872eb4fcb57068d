import { signal } from "@preact/signals";
import type { PoolSeries, TrafficView } from "../core/traffic.ts";
import { ask } from "./api.ts";
import type { Points } from "./points.ts";

/** `none`: nothing counts requests. */
export type Traffic = { readonly is: "asking" } | { readonly is: "none" } | { readonly is: "points"; readonly points: Points };

export type Zoom = 1_000 | 10_000;

/** How much of the past the curves show: points of a second, or of ten. */
export const zoom = signal<Zoom>(1_000);
export const traffic = signal<Traffic>({ is: "asking" });

const KEPT = 180;
const EVERY_MS = 1_000;

/** Keeps the curves of a service true while the page is seen, until the answer is called. */
export function keepCounting(service: string, everyMs: Zoom): () => void {
  const stop = new AbortController();
  traffic.value = { is: "asking" };
  const look = async () => {
    if (!document.hidden) await more(service, everyMs, stop.signal);
    if (!stop.signal.aborted) setTimeout(look, EVERY_MS);
  };
  void look();
  return () => stop.abort();
}

async function more(service: string, everyMs: Zoom, signal: AbortSignal): Promise<void> {
  const known = traffic.value.is === "points" ? traffic.value.points : null;
  const last = known?.at.at(-1);
  const from = last === undefined ? "" : `&from=${new Date(last * 1_000 + everyMs).toISOString()}`;
  const path = `/v1/services/${encodeURIComponent(service)}/traffic?everyMs=${everyMs}${from}`;
  // A connection that is lost is told of by what asks for the service itself.
  const answer = await ask<TrafficView>(path, { signal }).catch(() => null);
  if (answer === null || signal.aborted) return;
  if (answer.series === null) traffic.value = { is: "none" };
  else if (answer.series.points > 0 || known === null) traffic.value = { is: "points", points: joined(known, answer.series) };
}

/** What is known, and what came after it. A hole between the two (the controller was away) is filled with nothing. */
function joined(known: Points | null, { from, everyMs, points, pools }: NonNullable<TrafficView["series"]>): Points {
  const step = everyMs / 1_000;
  const first = Date.parse(from) / 1_000;
  const last = known?.at.at(-1) ?? first - step;
  const hole = Math.min(KEPT, Math.max(0, Math.round((first - last) / step) - 1));
  const start = first - hole * step;
  const at = [...(known?.at ?? []), ...Array.from({ length: hole + points }, (_, index) => start + index * step)];
  const names = new Set([...Object.keys(known?.pools ?? {}), ...Object.keys(pools)]);
  const before = known?.at.length ?? 0;
  const of = (pool: string, key: keyof PoolSeries, empty: number | null) =>
    [
      ...(known?.pools[pool]?.[key] ?? Array(before).fill(empty)),
      ...Array(hole).fill(empty),
      ...(pools[pool]?.[key] ?? Array(points).fill(empty)),
    ].slice(-KEPT);
  const seriesOf = (pool: string): PoolSeries => ({
    requests: of(pool, "requests", 0),
    failed: of(pool, "failed", 0),
    p50Ms: of(pool, "p50Ms", null),
    p95Ms: of(pool, "p95Ms", null),
    p99Ms: of(pool, "p99Ms", null),
  });
  return { everyMs, at: at.slice(-KEPT), pools: Object.fromEntries([...names].map((pool) => [pool, seriesOf(pool)])) };
}
