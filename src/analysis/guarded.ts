import { type LogValue, logMinus, logPlus, logSum, logTimes } from "./log-space.ts";

/**
 * The guarded process: a bet on several parts (factors of a grid, pairs of thresholds and odds) that bursts do not fool.
 *
 * A plain product starts once, at the first window, and one window of bad luck can decide it. Failures come in bursts, which
 * no counting test allows for: plain sequential tests abort 16 to 22 % of the healthy canaries at a coefficient of variation
 * of .5. Three guards, each of which only lowers the bet or fixes it in advance, so that the evidence stays at most 1 on average:
 *
 * - restarts: at the t-th window the part 1/2, 1/4, 1/12, 1/24, … (together 1) of the wealth is taken out of the cash and bet
 *   from there on. That is a mixture over the times at which the release may have turned bad, as in Shiryaev and Roberts' procedure
 *   and the e-detectors of Shin, Ramdas and Rinaldo (2024), and it keeps the test sensitive to harm that begins late;
 * - tempering: gains are divided by a dispersion of 1 or more that was known before the window (dispersion.ts). By Jensen's inequality
 *   E[e^(l/phi)] <= E[e^l]^(1/phi) <= 1;
 * - a cap: what one window adds beyond 12 times the evidence before it is given away, so that none decides alone.
 */
export type Guarded = {
  /** Windows that counted so far. The cash is 1 before the first and 0.5 / windows afterwards. */
  readonly windows: number;
  /** The wealth of each part. */
  readonly logStakes: readonly LogValue[];
};

const LOG_CAP = Math.log(12);

/** For processes in which one window may decide alone. */
export const NO_CAP = Number.POSITIVE_INFINITY;

export function startGuarded(parts: number): Guarded {
  return { windows: 0, logStakes: new Array<LogValue>(parts).fill(null) };
}

/** How a window is bet on. Everything in it has to be known before the window. */
export type Bet = {
  /** What gains are divided by, 1 or more. */
  readonly dispersion: number;
  /** ln of the most by which one window may multiply the evidence. */
  readonly logCap?: number;
  /** How what is newly bet is divided over the parts, together 1; equally where left out. */
  readonly weights?: readonly number[];
};

/** One window: `gains` are its logarithmic gains by part. */
export function betGuarded(state: Guarded, gains: readonly LogValue[], bet: Bet): Guarded {
  const { dispersion, logCap = LOG_CAP, weights } = bet;
  const windows = state.windows + 1;
  const staked = restartWeight(windows);
  const grown = state.logStakes.map((log, part) => {
    const gain = gains[part] ?? null;
    const share = weights?.[part] ?? 1 / state.logStakes.length;
    return logTimes(logPlus(log, Math.log(staked * share)), gain === null ? null : gain / dispersion);
  });
  const invested = logSum(grown);
  const limit = logMinus(logCap + logOfGuarded(state), logCash(windows));
  const excess = invested === null ? 0 : invested - limit;
  return { windows, logStakes: excess > 0 ? grown.map((log) => logTimes(log, -excess)) : grown };
}

/** ln M: cash and stakes together. */
export function logOfGuarded({ windows, logStakes }: Guarded): number {
  const cash = logCash(windows);
  return logPlus(cash, logSum(logStakes)) ?? cash;
}

/** 1/2, 1/4, 1/12, 1/24, …: what is newly bet at each window. They sum to 1, as 1/(t (t-1)) telescopes. */
function restartWeight(window: number): number {
  return window === 1 ? 0.5 : 0.5 / (window * (window - 1));
}

function logCash(windows: number): number {
  return windows === 0 ? 0 : Math.log(0.5 / windows);
}
