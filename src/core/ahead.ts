import { stepAt } from "./move.ts";
import type { Cursor, Rollout } from "./rollout.ts";
import type { Want } from "./route.ts";
import { raised, wantOnEntry } from "./steps.ts";
import { never } from "./units.ts";
import { shareOf, split } from "./want.ts";

/**
 * The wants that a rollout may hold after its next move forward, by itself or by a command, so that they can be got ready.
 *
 * It is a guess that costs nothing where it is wrong: the way back and the whole traffic need nothing that is not always there.
 */
export function nextWants(rollout: Rollout): readonly Want[] {
  const { phase } = rollout;
  switch (phase.phase) {
    case "moving":
    case "paused":
      return wantsAfter(rollout, phase.cursor);
    case "failed":
      // A retry enters the step anew.
      return [wantOnEntry(rollout, stepAt(rollout, phase.cursor.step))];
    case "reverting":
    case "promoted":
    case "reverted":
      return [];
    default:
      return never(phase);
  }
}

function wantsAfter(rollout: Rollout, { step: index, stage }: Cursor): readonly Want[] {
  const step = stepAt(rollout, index);
  if (stage.at === "waiting" && stage.list === "before") return [wantOnEntry(rollout, step)];
  const bp = shareOf(rollout.want.shares, rollout.to);
  if (step.ramp !== null && bp < step.ramp.toBp) {
    const { from, to, want } = rollout;
    // The next raise, and the rest at once, which is what `advance` takes.
    const shares = new Set([raised(bp, step, rollout), step.ramp.toBp]);
    return [...shares].map((share) => ({ ...want, shares: split(from, to, share) }));
  }
  return index + 1 < rollout.plan.length ? [wantOnEntry(rollout, stepAt(rollout, index + 1))] : [];
}
