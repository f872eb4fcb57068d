import type { RolloutView } from "../../core/view.ts";
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
      : `${settledText(rolling)}${rolling.batch === null ? "" : `, batch ${rolling.batch} of ${rolling.batches}`}`;
  return `Waiting for rollout ${id} to finish: ${where}: ${phase}: ${plain(reason)}`;
}
