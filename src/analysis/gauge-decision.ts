import { type Gauge, gaugeMargin, logGauge } from "./gauge.ts";

export type GaugeDecision = {
  readonly is: "revert" | "advance" | "hold";
  readonly cause: "higher" | "no higher" | "too few blocks" | "undecided";
  readonly logHigher: number;
  readonly logHigherNeeded: number;
  /** Blocks that were compared since the rollout began, and those of them in which the canary was higher by more than the margin. */
  readonly blocks: number;
  readonly ups: number;
  /** How much higher the canary may be in the next block: 0.2 is a fifth. */
  readonly margin: number;
};

/**
 * Decides on a gauge: revert at 1/alpha, which what the check's level is may turn into a hold. It advances once a block of this step was compared
 * and the evidence is below the square root of what reverts, which is no proof that the canary is as low as stable.
 */
export function decideGauge(
  state: Gauge,
  stepBlocks: number,
  rule: { readonly alpha: number; readonly margin: number },
): GaugeDecision {
  const numbers = {
    logHigher: logGauge(state),
    logHigherNeeded: Math.log(1 / rule.alpha),
    blocks: state.blocks,
    ups: state.ups,
    margin: gaugeMargin(state, rule.margin),
  };
  if (numbers.logHigher >= numbers.logHigherNeeded) return { is: "revert", cause: "higher", ...numbers };
  if (stepBlocks === 0) return { is: "hold", cause: "too few blocks", ...numbers };
  if (numbers.logHigher >= numbers.logHigherNeeded / 2) return { is: "hold", cause: "undecided", ...numbers };
  return { is: "advance", cause: "no higher", ...numbers };
}
