import { logSlower, NO_LATENCY, observeLatency } from "../../src/analysis/latency.ts";
import { BUCKET_ENDS_MS, type LatencyCounts } from "../../src/analysis/latency-buckets.ts";
import { DEFAULTS } from "../../src/config/defaults.ts";
import { Random } from "./random.ts";
import { MINUTES, STABLE_PER_CANARY } from "./scenario.ts";

/** One line of the latency table. Latencies are log-normal with the median 80 ms and sigma .7. */
export type Slowness = {
  readonly title: string;
  /** How many times as long the canary takes. */
  readonly factor: number;
  /** A part of the canary's requests that takes so many ms longer. */
  readonly tail: { readonly part: number; readonly ms: number };
  /** Minutes (from, to) in which both arms take three times as long. */
  readonly incident: readonly [number, number] | null;
};

const NO_TAIL = { part: 0, ms: 0 };

export const SLOWNESSES: readonly Slowness[] = [
  { title: "healthy", factor: 1, tail: NO_TAIL, incident: null },
  { title: "shared x3 for 5 min", factor: 1, tail: NO_TAIL, incident: [20, 25] },
  { title: "x1.05", factor: 1.05, tail: NO_TAIL, incident: null },
  { title: "x1.25", factor: 1.25, tail: NO_TAIL, incident: null },
  { title: "x1.5", factor: 1.5, tail: NO_TAIL, incident: null },
  { title: "2 % of requests +1 s", factor: 1, tail: { part: 0.02, ms: 1_000 }, incident: null },
  { title: "0.5 % of requests +3 s", factor: 1, tail: { part: 0.005, ms: 3_000 }, incident: null },
];

const MEDIAN_MS = 80;
const SIGMA = 0.7;
const CANARY_PER_MINUTE = 100;

/** Canary requests until LatE aborts, of each run that it does. */
export function slownessTallied(slowness: Slowness, seed: number, stream: number, runs: number): number[] {
  const random = new Random(seed, stream);
  const margin = 1 + DEFAULTS.compare.margin;
  const usual = { canary: chances(slowness, 1, margin), stable: chances(UNCHANGED, 1, 1) };
  const slow = { canary: chances(slowness, 3, margin), stable: chances(UNCHANGED, 3, 1) };
  const found: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    let state = NO_LATENCY;
    let requests = 0;
    for (let minute = 0; minute < MINUTES; minute += 1) {
      const { incident } = slowness;
      const now = incident !== null && minute >= incident[0] && minute < incident[1] ? slow : usual;
      const canary = drawn(now.canary, CANARY_PER_MINUTE, random);
      state = observeLatency(state, { canary, stable: drawn(now.stable, CANARY_PER_MINUTE * STABLE_PER_CANARY, random) });
      requests += canary.reduce((sum, count) => sum + count, 0);
      if (logSlower(state) < Math.log(1 / DEFAULTS.compare.alpha)) continue;
      found.push(requests);
      break;
    }
  }
  return found;
}

const UNCHANGED = { factor: 1, tail: NO_TAIL };

/** The chance of each bucket; the latencies are divided by `margin` before they are counted. */
function chances({ factor, tail }: Pick<Slowness, "factor" | "tail">, times: number, margin: number): number[] {
  const below = (ms: number) => (ms <= 0 ? 0 : normalBelow(Math.log(ms / (MEDIAN_MS * factor * times)) / SIGMA));
  const upTo = (ms: number) => (1 - tail.part) * below(ms) + tail.part * below(ms - tail.ms);
  const cumulative = [...BUCKET_ENDS_MS.map((ms) => upTo(ms * margin)), 1];
  return cumulative.map((chance, bucket) => chance - (cumulative[bucket - 1] ?? 0));
}

/** Poisson arrivals: the counts of the buckets are Poisson, and independent of each other. */
function drawn(chancesOf: readonly number[], perMinute: number, random: Random): LatencyCounts {
  return chancesOf.map((chance) => (chance < 1e-12 ? 0 : random.poisson(perMinute * chance)));
}

/** The normal distribution function, by the complementary error function of Numerical Recipes (error below 1.2e-7). */
function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * x);
  const tail =
    t *
    Math.exp(
      -x * x -
        1.26551223 +
        t *
          (1.00002368 +
            t *
              (0.37409196 +
                t *
                  (0.09678418 +
                    t *
                      (-0.18628806 +
                        t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)))))))),
    );
  return z > 0 ? 1 - tail / 2 : tail / 2;
}

/** The part of healthy canaries that a bound on the 99th percentile of a minute aborts within an hour; `over` is the bound over the true one. */
export function percentileAborts(over: number, seed: number, runs: number): number {
  const random = new Random(seed, 99);
  const bound = MEDIAN_MS * Math.exp(SIGMA * 2.3263) * over;
  let aborted = 0;
  for (let run = 0; run < runs; run += 1) {
    for (let minute = 0; minute < MINUTES; minute += 1) {
      const n = random.poisson(CANARY_PER_MINUTE);
      const slower = random.poisson(n * (1 - normalBelow(Math.log(bound / MEDIAN_MS) / SIGMA)));
      // The 99th percentile is above the bound where more than a hundredth of the requests are.
      if (slower <= n * 0.01) continue;
      aborted += 1;
      break;
    }
  }
  return aborted / runs;
}
