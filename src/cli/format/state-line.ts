import type { RollingView, RolloutView } from "../../core/view.ts";
import { settledText } from "./rolling.ts";
import { shares } from "./units.ts";
import { plain } from "./width.ts";

/**
 * What a rollout waits for, as `kubectl rollout status` says it: `Waiting for rollout web-3 to finish: 2 of 6 updated: …`.
 *
 * Without countdowns, so that it changes only when something happened.
 */
export function stateLine(rollout: RolloutView): string {
  const { id, phase, rolling, steps, step, reason } = rollout;
  if (phase === "promoted" || phase === "reverted") return `rollout ${id} is ${phase}: ${plain(reason)}`;
  const present = steps[step];
  const where =
    rolling === null
      ? `step ${step + 1} of ${steps.length}${present === undefined ? "" : ` (${shares(present.shares)})`}`
      : `${settledText(rolling)}${batchOf(rolling, reason)}`;
  return `Waiting for rollout ${id} to finish: ${where}: ${phase}: ${plain(reason)}`;
}

/** `, batch 2 of 6`, unless the reason names the batch itself. */
function batchOf({ batch, batches }: RollingView, reason: string): string {
  const text = `batch ${batch} of ${batches}`;
  return batch === null || reason.includes(text) ? "" : `, ${text}`;
}
