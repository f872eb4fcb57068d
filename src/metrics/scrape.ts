import { withPort } from "../core/network.ts";
import type { CountingSource, Evidence, Measurement, Slice } from "../core/ports.ts";
import type { ScrapeMetric } from "../core/service.ts";
import type { Endpoint, Ms, Now } from "../core/units.ts";
import { armsWithin } from "./arms.ts";
import { carry, groupOf, increase, type Reading } from "./counters.ts";
import { parse } from "./exposition.ts";
import { fetchPage } from "./fetch.ts";
import { gaugeCounts } from "./gauge-slices.ts";
import { measured } from "./measured.ts";
import { type Found, readingOf } from "./reading.ts";
import { planOf, type Wanted } from "./wanted.ts";
import { keepSlices } from "./window.ts";

export type ScrapeDeps = {
  /** Largest page, in bytes once unpacked. */
  readonly mostBytes?: number;
};

/** Ten times the largest page that is common; a larger one is a mistake, or an attack. */
const MOST_BYTES = 10_000_000;
/** Pages that are held in memory at the same time. */
const AT_ONCE = 16;

type Read = { readonly endpoint: Endpoint } & (
  | { readonly ok: true; readonly found: Found }
  | { readonly ok: false; readonly reason: string }
);

/** Reads metrics pages of members. Disposing ends the reads under way. */
export function createScrape(deps: ScrapeDeps = {}): CountingSource<ScrapeMetric> & AsyncDisposable {
  const lifetime = new AbortController();
  const running = new Set<Promise<unknown>>();
  const mostBytes = deps.mostBytes ?? MOST_BYTES;
  const readOne = async (metric: ScrapeMetric, wanted: readonly Wanted[], endpoint: Endpoint, t: Ms): Promise<Read> => {
    const address = withPort(endpoint, metric.port);
    const fetched = await fetchPage({
      origin: `http://${address}`,
      path: metric.path,
      timeoutMs: metric.timeoutMs,
      mostBytes,
      signal: lifetime.signal,
    });
    if (!fetched.ok) return { endpoint, ok: false, reason: `${address}${metric.path} ${fetched.reason}` };
    const page = parse(fetched.text, fetched.format);
    const broken = page.problems.find(({ level }) => level === "error");
    if (broken === undefined) return { endpoint, ok: true, found: readingOf(page, wanted, t) };
    const html = /^\s*</.test(fetched.text) ? " (it looks like HTML)" : "";
    return {
      endpoint,
      ok: false,
      reason: `${address}${metric.path} line ${broken.line} column ${broken.column}: ${broken.message}${html}`,
    };
  };
  const sample = async (
    metric: ScrapeMetric,
    endpoints: readonly Endpoint[],
    before: Evidence | null,
    now: Now,
  ): Promise<Evidence> => {
    const plan = planOf(metric.measure);
    if (!plan.ok) return { ...(before ?? nothing(metric)), problem: plan.message };
    const reads: Read[] = [];
    const queue = [...new Set(endpoints)];
    const worker = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        reads.push(await readOne(metric, plan.wanted, next, now.t));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return evidenceOf(metric, plan.wanted, reads, before, now.t);
  };
  return {
    async sample(metric, subject, before, now) {
      const work = sample(metric, subject.endpoints, before, now);
      running.add(work);
      return work.finally(() => running.delete(work));
    },
    measure,
    arms: (metric, both, from) => armsWithin(metric.measure.kind, both, from),
    async [Symbol.asyncDispose]() {
      lifetime.abort();
      await Promise.allSettled(running);
    },
  };
}

/**
 * The newest window of a metric that lies wholly between `from` and `to`: as long as the metric's window, or shorter where
 * there is less.
 */
function measure(metric: ScrapeMetric, evidence: Evidence, from: Ms, to: Ms): Measurement {
  return measured(metric.measure, evidence, from, to, metric.windowMs);
}

function nothing(metric: ScrapeMetric): Evidence {
  return { metric: metric.name, last: {}, slices: [], problem: null, lacking: null };
}

function evidenceOf(
  metric: ScrapeMetric,
  wanted: readonly Wanted[],
  reads: readonly Read[],
  before: Evidence | null,
  t: Ms,
): Evidence {
  const old = before ?? nothing(metric);
  const last: Record<Endpoint, Reading> = {};
  for (const [endpoint, reading] of Object.entries(old.last)) {
    // An endpoint that is gone for longer than any window looks back starts anew if it ever returns.
    if (reading.t >= t - 2 * metric.windowMs || reads.some((read) => read.endpoint === endpoint)) last[endpoint] = reading;
  }
  const added = new Map<Ms, Record<string, number>>();
  for (const read of reads) {
    if (!read.ok || read.found.problem !== null) continue;
    const known = last[read.endpoint];
    if (known !== undefined) addTo(added, known.t, countsOf(metric, read.endpoint, known, read.found.reading));
    // What a gauge was says nothing where a page left it out.
    last[read.endpoint] = metric.measure.kind === "gauge" ? read.found.reading : carry(known, read.found.reading);
  }
  const slices: Slice[] = [...added].sort(([a], [b]) => a - b).map(([from, counts]) => ({ from, to: t, counts }));
  const problem = problemOf(wanted, reads, last);
  return { metric: metric.name, last, slices: keepSlices(old.slices, slices, metric.windowMs, t), problem, lacking: null };
}

/** What one read adds to a slice: increases, with the time that they cover where that is what they are counted against, or a gauge. */
function countsOf(
  { measure }: ScrapeMetric,
  endpoint: Endpoint,
  before: Reading,
  now: Reading,
): Readonly<Record<string, number>> {
  if (measure.kind === "gauge") {
    const values = Object.values(now.series);
    return values.length === 0
      ? {}
      : gaugeCounts(
          endpoint,
          values.reduce((sum, one) => sum + one, 0),
        );
  }
  const rose = increase(before, now);
  return measure.kind === "rate" ? { ...rose, seconds: (now.t - before.t) / 1_000 } : rose;
}

function addTo(slices: Map<Ms, Record<string, number>>, from: Ms, more: Readonly<Record<string, number>>): void {
  const counts = slices.get(from) ?? {};
  for (const [group, count] of Object.entries(more)) counts[group] = (counts[group] ?? 0) + count;
  slices.set(from, counts);
}

/** Why the newest read cannot be trusted: pages that were not read, and groups that no endpoint has or ever had. */
function problemOf(wanted: readonly Wanted[], reads: readonly Read[], last: Evidence["last"]): string | null {
  if (reads.length === 0) return "there is no endpoint to read";
  const reasons = reads.flatMap((read) => (read.ok ? (read.found.problem ?? []) : read.reason));
  const [first] = [...new Set(reasons)].sort();
  if (first !== undefined) return reasons.length === 1 ? first : `${first} (and ${reasons.length - 1} more)`;
  const groups = new Set(Object.values(last).flatMap(({ series }) => Object.keys(series).map(groupOf)));
  for (const { group } of wanted) {
    const seen = group === "bucket" ? groups.size > 0 : groups.has(group);
    const missing = reads.flatMap((read) => (read.ok ? (read.found.missing[group] ?? []) : []));
    if (!seen && missing.length === reads.length && missing[0] !== undefined) return missing[0];
  }
  return null;
}
