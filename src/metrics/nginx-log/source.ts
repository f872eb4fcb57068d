import type { Arms, Both, CountingSource, Evidence, Measurement, Subject } from "../../core/ports.ts";
import type { NginxMetric } from "../../core/service.ts";
import { type Ms, type Now, never, type PoolName } from "../../core/units.ts";
import { quantileOf } from "../histogram.ts";
import { sumWithin } from "../window.ts";
import { boundMs } from "./buckets.ts";
import { latencyArms } from "./latency-arms.ts";
import type { Mark, NginxLog, Taken } from "./log.ts";
import { type PoolCounts, poolsWithin, readingOf } from "./pools.ts";
import { addSlices, newSliceMs } from "./slices.ts";

/** Numbers beside the positions, in the same map. Positions have a blank in their names. */
const OWN = ["run", "parts", "since", "floor", "unreadable", "gaps"] as const;
type Own = { readonly [name in (typeof OWN)[number]]: number };

/** Until when a stretch of both pools' counts waits for a request on either. */
const LONGEST_STRETCH_MS: Ms = 1_000;

/**
 * Judges by nginx's own log: nothing is needed of the application. The mark up to which the log was counted is a part of the evidence,
 * so that a kill counts nothing twice, and loses nothing that is still in the file.
 */
export function createNginxSource(log: Pick<NginxLog, "take" | "onFailing">): CountingSource<NginxMetric> {
  return {
    async sample(metric, subject, before, now) {
      const known = before === null || readingOf(before)?.pool !== nameOf(subject) ? null : before;
      const taken = await log.take(subject.service, known === null ? null : markOf(known));
      return evidenceOf(metric, subject, known, taken, now);
    },
    measure,
    arms: (metric, both, from, margin) => (metric.measure === "latency" ? latencyArms(both, from, margin) : armsOf(both, from)),
    hurry: (_metric, subject, soon) => log.onFailing(subject.service, nameOf(subject), soon),
  };
}

/** The name that a subject's requests are counted under. */
function nameOf({ pool, arm }: Pick<Subject, "pool" | "arm">): string {
  return arm ?? pool;
}

/**
 * One log tells of both pools; what it lost, it lost of both. The next stretch after `from` in which both had requests, of at most a
 * second: the traffic alone says where it ends, so that a look that comes earlier, because of failures, finds the same stretches.
 */
function armsOf({ canary, stable }: Both, from: Ms): Arms | null {
  const reading = readingOf(canary.evidence);
  if (reading === null) return null;
  const slices = canary.evidence.slices.filter((slice) => slice.from >= Math.max(from, reading.floor) && slice.to <= reading.t);
  const counts: Record<PoolName, { n: number; x: number }> = { [canary.pool]: { n: 0, x: 0 }, [stable.pool]: { n: 0, x: 0 } };
  const start = slices[0]?.from ?? reading.t;
  for (const [index, slice] of slices.entries()) {
    for (const [pool, sums] of Object.entries(counts)) {
      sums.n += slice.counts[`${pool} n`] ?? 0;
      sums.x += slice.counts[`${pool} x`] ?? 0;
    }
    const next = slices[index + 1];
    const ends = slice.to - start >= LONGEST_STRETCH_MS || (next !== undefined && next.from !== slice.to);
    if (!ends && Object.values(counts).some(({ n }) => n === 0)) continue;
    return {
      from: start,
      to: slice.to,
      of: "failures",
      canary: { ...NONE, ...counts[canary.pool] },
      stable: { ...NONE, ...counts[stable.pool] },
    };
  }
  return null;
}

const NONE = { n: 0, x: 0 };

function evidenceOf(metric: NginxMetric, subject: Subject, before: Evidence | null, taken: Taken, now: Now): Evidence {
  const old = before === null ? null : ownOf(before);
  const reading = before === null ? null : readingOf(before);
  const since = subject.since ?? Number.MIN_SAFE_INTEGER;
  const offsetMs = now.t - now.wall;
  const gap = reading === null || !taken.whole || taken.problem !== null;
  const width = newSliceMs(metric);
  const from = gap ? Math.ceil(now.t / width) * width : reading.t;
  // Whole slices only: the next read goes on where this one ends.
  const to = gap ? from : Math.max(from, Math.floor((taken.completeTo + offsetMs) / width) * width);
  const slices = addSlices(metric, before?.slices ?? [], {
    tally: taken.tally,
    offsetMs,
    since,
    eased: nameOf(subject),
    margins: subject.margins ?? [],
    from,
    to,
  });
  // Slices that were begun for an earlier step hold some of its requests.
  const newest = before?.slices.at(-1)?.to ?? from;
  const own: Own = {
    run: taken.mark.run,
    parts: taken.mark.parts,
    since,
    floor: old !== null && old.since === since ? old.floor : Math.max(from, newest),
    unreadable: taken.unreadable,
    gaps: (old?.gaps ?? 0) + (taken.whole ? 0 : 1),
  };
  const unread = old !== null && old.run === own.run ? own.unreadable - old.unreadable : 0;
  return {
    metric: metric.name,
    last: { [nameOf(subject)]: { t: to, started: null, series: { ...own, ...taken.mark.position } } },
    slices,
    problem: taken.problem ?? problemOf(taken.whole, unread) ?? taken.loss ?? taken.misrouted,
    lacking: null,
  };
}

function problemOf(whole: boolean, unread: number): string | null {
  if (!whole) return "lines of nginx's log are gone that were not counted yet (was it removed or cut short?)";
  return unread === 0 ? null : `${unread} lines of nginx's log cannot be read (was the disk full?)`;
}

function ownOf(evidence: Evidence): Own {
  const series = Object.values(evidence.last)[0]?.series ?? {};
  return Object.fromEntries(OWN.map((name) => [name, series[name] ?? 0])) as Own;
}

function markOf(evidence: Evidence): Mark {
  const { run, parts } = ownOf(evidence);
  const series = Object.entries(Object.values(evidence.last)[0]?.series ?? {});
  return { run, parts, position: Object.fromEntries(series.filter(([name]) => name.includes(" "))) };
}

/** The newest window that lies wholly between `from` and `to` and is complete. Samples are those that were written down. */
function measure(metric: NginxMetric, evidence: Evidence, from: Ms, to: Ms): Measurement {
  const { problem, lacking } = evidence;
  const reading = readingOf(evidence);
  const none = { value: null, samples: 0, from: null, to: null, problem, lacking };
  if (reading === null) return none;
  const sum = sumWithin(evidence.slices, Math.max(from, reading.floor), Math.min(to, reading.t), metric.windowMs);
  const window = sum === null ? null : poolsWithin(evidence, sum.from, sum.to);
  if (window === null) return none;
  const counts = window.pools[reading.pool];
  const found = counts === undefined ? NOTHING : numberFrom(metric, counts);
  return { ...found, from: window.from, to: window.to, problem: problem ?? found.problem, lacking };
}

type Value = Pick<Measurement, "value" | "samples" | "problem">;

const NOTHING: Value = { value: null, samples: 0, problem: null };

function numberFrom(metric: NginxMetric, counts: PoolCounts): Value {
  switch (metric.measure) {
    case "errors":
      return counts.n === 0 ? NOTHING : { value: counts.x / counts.n, samples: counts.n, problem: null };
    case "latency":
      return quantile(metric.quantile, counts.latencies);
    default:
      return never(metric);
  }
}

/** In seconds, as Prometheus would find it in the same buckets. */
function quantile(q: number, latencies: readonly number[]): Value {
  let count = 0;
  const buckets = latencies.map((more, bucket) => {
    count += more;
    return { le: boundMs(bucket) / 1_000, count };
  });
  if (count === 0) return NOTHING;
  const { value, clipped } = quantileOf(q, [...buckets, { le: Number.POSITIVE_INFINITY, count }]);
  const problem = clipped ? `the quantile ${q} is above ${value.toFixed(0)} s, the longest that is told apart` : null;
  return { value, samples: count, problem };
}
