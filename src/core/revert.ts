import { decided } from "./decided.ts";
import { fact, type Move, wanting } from "./move.ts";
import type { Cursor, Fact, Phase, Rollout } from "./rollout.ts";
import type { Now } from "./units.ts";
import { percent, resting, shareOf } from "./want.ts";

/** Sends the share back before anything else, from wherever the rollout is. */
export function revert(rollout: Rollout, cursor: Cursor, cause: string, actor: string | null, now: Now): Move {
  const share = percent(shareOf(rollout.want.shares, rollout.to));
  const wanted = wanting(rollout, resting(rollout.from, rollout.to, rollout.id));
  const phase: Phase = { phase: "reverting", cursor, cause, since: now.t };
  return {
    rollout: { ...wanted, phase, promoted: null },
    facts: [
      fact("reverting", cursor.step, `back to ${rollout.from} from ${share}: ${cause}`, actor, decided(rollout, "revert", now)),
    ],
  };
}

/** A way back is over when every target proved it, or when nothing was ever wanted that would have to be taken back. */
export function endRevert(rollout: Rollout, cursor: Cursor, cause: string, now: Now): Move {
  const phase: Phase = { phase: "reverted", at: now.t, cause, cursor };
  const done: Fact = fact("reverted", cursor.step, `all traffic is on ${rollout.from}: ${cause}`);
  return { rollout: { ...rollout, phase, endedAt: now.wall, watch: null }, facts: [done] };
}
