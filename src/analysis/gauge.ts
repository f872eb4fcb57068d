/**
 * Gauges (memory, processor, queue lengths): a few samples per instance that follow each other closely, on instances that differ from each other
 * for good. No test can tell one odd instance from a regression, so this one bets on signs alone, with a margin that covers how much instances
 * differ; a check of a gauge warns and holds, and reverts only where its owner says that it is critical.
 *
 * In each block of 2 minutes, d is the median of ln(canary) - ln(median of the stable instances), and it is *up* where d > ln(1 + margin).
 * With the stakes g of a grid, E = (1/4) sum_g prod(1 + g s), s = 1 where up and -1 where not. Under the null P(up | past) <= 1/2 each
 * factor is at most 1 on average (testing by betting: Shafer 2021; Waudby-Smith and Ramdas 2024). At the soonest it says 1/100 after 9
 * blocks, 18 minutes.
 */
export type Gauge = {
  readonly ups: number;
  readonly blocks: number;
  /** What each stable instance had in earlier blocks, on the scale that is compared: its sum and how many samples. */
  readonly levels: Readonly<Record<string, { readonly sum: number; readonly samples: number }>>;
};

/** The canary's value, and those of the stable instances by name, at one moment. */
export type GaugeSample = { readonly canary: number; readonly stable: Readonly<Record<string, number>> };

/**
 * How values are compared: `positive` by their logarithms; `signed`, for values that may be 0 or less, by differences as parts of stable's median
 * absolute value in the block.
 */
export type GaugeScale = "positive" | "signed";

/** How long a block is. */
export const BLOCK_MS = 120_000;

const STAKES: readonly number[] = [0.25, 0.5, 0.75, 1];
const LEAST_MARGIN = 0.2;
/** What is assumed where fewer than 3 stable instances show how much they differ. */
const MARGIN_OF_FEW = 0.5;

export const NO_GAUGE: Gauge = { ups: 0, blocks: 0, levels: {} };

/** One block of samples. Samples that cannot be compared are left out, and a block without any changes nothing. The margin is `least`, or more. */
export function observeGauge(state: Gauge, scale: GaugeScale, samples: readonly GaugeSample[], least = LEAST_MARGIN): Gauge {
  const level = scale === "positive" ? Math.log : levelBy(samples);
  const known = samples
    .map(({ canary, stable }) => ({
      canary: level(canary),
      stable: Object.entries(stable).map(([name, value]) => [name, level(value)] as const),
    }))
    .filter(({ canary, stable }) => stable.length > 0 && [canary, ...stable.map(([, value]) => value)].every(Number.isFinite));
  if (known.length === 0) return state;
  const differences = known.map(({ canary, stable }) => canary - median(stable.map(([, value]) => value)));
  const margin = gaugeMargin(state, least);
  const isUp = median(differences) > (scale === "positive" ? Math.log1p(margin) : margin);
  const levels = { ...state.levels };
  for (const [name, value] of known.flatMap(({ stable }) => stable)) {
    const { sum, samples: count } = levels[name] ?? { sum: 0, samples: 0 };
    levels[name] = { sum: sum + value, samples: count + 1 };
  }
  return { ups: state.ups + (isUp ? 1 : 0), blocks: state.blocks + 1, levels };
}

/** ln E. */
export function logGauge({ ups, blocks }: Gauge): number {
  const downs = blocks - ups;
  const wealth = STAKES.map((stake) => ups * Math.log1p(stake) + (downs === 0 ? 0 : downs * Math.log1p(-stake)));
  const top = Math.max(...wealth);
  return top + Math.log(wealth.reduce((sum, log) => sum + Math.exp(log - top), 0) / STAKES.length);
}

/**
 * The margin of the next block: 20 %, or as much as stable instances differ from each other if that is more.
 *
 * s is the standard deviation of the instances' means in earlier blocks, and 2.5 s sqrt(1 + 1/S) is how far one more instance of the
 * same kind may well lie from their middle. Fewer than 3 instances tell no deviation.
 */
export function gaugeMargin({ levels }: Gauge, least = LEAST_MARGIN): number {
  const means = Object.values(levels).map(({ sum, samples }) => sum / samples);
  if (means.length < 3) return Math.max(least, MARGIN_OF_FEW);
  const mean = means.reduce((sum, one) => sum + one, 0) / means.length;
  const variance = means.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (means.length - 1);
  return Math.max(LEAST_MARGIN, least, Math.expm1(2.5 * Math.sqrt(variance * (1 + 1 / means.length))));
}

function levelBy(samples: readonly GaugeSample[]): (value: number) => number {
  const scale = median(samples.flatMap(({ stable }) => Object.values(stable).map(Math.abs)));
  return (value) => value / scale;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
