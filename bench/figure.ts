/** What a measurement must not pass; `least` for the few where more is better. */
export type Goal = { readonly most: number } | { readonly least: number };

/** One line of the results: a median with its range, over a number of runs. */
export type Figure = {
  readonly name: string;
  /** `ms`, `us`, `MB`, `x` (a ratio), `requests`, … */
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
  readonly goal: Goal | null;
  /** Null where nothing was aimed at. Judged by the median, for counts of lost requests by the worst run. */
  readonly met: boolean | null;
};

/** What a section hands over. Notes say what a reader of the figures has to know. */
export type Section = {
  readonly id: string;
  readonly title: string;
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
  /** True where nothing depends on the machine: a figure that misses its aim then ends the benchmark with exit 1. */
  readonly binding?: true;
};

/** How far a section goes: everything that is repeated is repeated less often in a quick run. */
export type Effort = "full" | "quick";

/** Sums up the runs of one measurement. Throws where there are none: a figure without a run would be a lie. */
export function figure(name: string, unit: string, values: readonly number[], goal: Goal | null = null, worst = false): Figure {
  if (values.length === 0) throw new Error(`${name}: nothing was measured`);
  const sorted = [...values].sort((a, b) => a - b);
  const min = sorted[0] ?? Number.NaN;
  const max = sorted.at(-1) ?? Number.NaN;
  const middle = median(values);
  return { name, unit, median: middle, min, max, runs: values.length, goal, met: reached(worst ? max : middle, goal) };
}

/** A count that must be zero in every run. */
export function lost(name: string, unit: string, values: readonly number[], most: number | null = 0): Figure {
  return figure(name, unit, values, most === null ? null : { most }, true);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 === 1 ? (sorted[Math.floor(half)] ?? Number.NaN) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}

function reached(value: number, goal: Goal | null): boolean | null {
  if (goal === null) return null;
  return "most" in goal ? value <= goal.most : value >= goal.least;
}
