/**
 * What Sluice's row has to reach, in percent and canary requests: the figures of the method's own simulation, which had 4 000 runs, other seeds
 * and an implementation of its own.
 */
export const MOST_FALSE_ABORTS = { steady: 0.3, bursty: 1 } as const;

export type Detection = {
  readonly percent: number;
  readonly requests: number | null;
  /** How many detections the median was of, where they were few. */
  readonly behind?: number;
};

/** By the id of the scenario, then of the latency. */
export const DETECTIONS: Readonly<Record<string, Detection>> = {
  ".1 to .2 %": { percent: 4, requests: 3_826, behind: 160 },
  ".1 to 1 %": { percent: 100, requests: 810 },
  "1 to 2 %": { percent: 96, requests: 2_577 },
  "1 to 5 %": { percent: 100, requests: 384 },
  ".1 to .2 % at 1 000/min": { percent: 97, requests: 25_800 },
  ".1 to 1 % from minute 30": { percent: 99.3, requests: null },
  "x1.25": { percent: 100, requests: 842 },
  "x1.5": { percent: 100, requests: 312 },
  "2 % of requests +1 s": { percent: 100, requests: 492 },
  "0.5 % of requests +3 s": { percent: 100, requests: 1_880 },
};

/** How much less is still as good: points of detection, and a part of the requests. */
export const WITHIN = { points: 1.5, part: 0.05 } as const;
