import { logSum } from "./log-space.ts";

/** One of several comparisons that share the chance of a false alarm. */
export type Share = {
  /** Its part of the chance, above 0; the parts of all are the whole. */
  readonly alpha: number;
  /** ln of its evidence against the canary. */
  readonly logHarm: number;
};

/**
 * The evidence of several comparisons together: ln of their average, weighted by their parts of alpha, and ln of what reverts.
 *
 * With M_i at most 1 on average, so is sum_i w_i M_i for any weights that sum to 1, however the comparisons depend on each other (the average
 * of e-values: Vovk and Wang 2021), and it ever reaches 1/alpha with probability alpha at most. Where w_i = alpha_i / alpha, one
 * comparison alone reverts at 1/alpha_i, as it would by itself; and two that each stand at half of that revert together.
 */
export function weighTogether(shares: readonly Share[]): { readonly logHarm: number; readonly logHarmNeeded: number } {
  const alpha = shares.reduce((sum, share) => sum + share.alpha, 0);
  const logHarm = logSum(shares.map((share) => share.logHarm + Math.log(share.alpha / alpha))) ?? 0;
  return { logHarm, logHarmNeeded: Math.log(1 / alpha) };
}
