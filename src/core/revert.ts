import { decided } from "./decided.ts";
import { fact, type Move, wanting } from "./move.ts";
import type { Rolling } from "./rolling.ts";
import { anew, leftOutText } from "./rolling-batch.ts";
import type { Cursor, Fact, Phase, Rollout, Step } from "./rollout.ts";
import type { Now } from "./units.ts";
import { percent, shareOf } from "./want.ts";
import { backWant, toUndo, wayBack } from "./way-back.ts";

/** Sends the share back before anything else, from wherever the rollout is. */
export function revert(rollout: Rollout, cursor: Cursor, cause: string, actor: string | null, now: Now): Move {
  const back = wayBack(rollout);
  const wanted = wanting(rollout, backWant(rollout));
  const ahead: Cursor = {
    // A way back that is begun once more takes the place of the one before.
    step: rollout.backFrom ?? cursor.step + 1,
    entry: cursor.entry + 1,
    stage: { at: "applying", since: now.t, refused: null },
  };
  const steps = back.length === 0 ? {} : withBack(rollout, ahead.step, back);
  const phase: Phase = { phase: "reverting", cursor: back.length === 0 ? cursor : ahead, cause, since: now.t };
  const rolling = rollout.rolling === null ? null : unseen(rollout.rolling, rollout, now);
  return {
    rollout: { ...wanted, ...steps, phase, rolling, promoted: null },
    facts: [fact("reverting", cursor.step, `${saidOf(rollout)}: ${cause}`, actor, decided(rollout, "revert", now))],
  };
}

/** The way back takes the place of what would have come. */
function withBack(rollout: Rollout, from: number, back: readonly Step[]): Pick<Rollout, "plan" | "backFrom" | "replaced"> {
  const { plan, rolling, replaced } = rollout;
  const ahead = rolling === null ? (replaced ?? plan.slice(from)) : null;
  return { plan: [...plan.slice(0, from), ...back], backFrom: from, replaced: ahead };
}

function saidOf(rollout: Rollout): string {
  if (rollout.rolling !== null) return "nothing new is touched, and what was is put back";
  return `back to ${rollout.from} from ${percent(shareOf(rollout.want.shares, rollout.to))}`;
}

/** Members that are out return only when they are seen healthy from now on. */
function unseen(rolling: Rolling, { want }: Rollout, now: Now): Rolling {
  return { ...rolling, ...anew(rolling, want.out, now.t), failing: null };
}

/** A way back is over when every target proved it, or when nothing was ever wanted that would have to be taken back. */
export function endRevert(rollout: Rollout, cursor: Cursor, why: string, now: Now): Move {
  const cause = `${why}${leftOutText(rollout)}`;
  const phase: Phase = { phase: "reverted", at: now.t, cause, cursor };
  const text = `${stateOf(rollout)}: ${cause}`;
  const done: Fact = fact("reverted", cursor.step, text);
  return { rollout: { ...rollout, phase, endedAt: now.wall, watch: null, replaced: null }, facts: [done] };
}

function stateOf(rollout: Rollout): string {
  if (rollout.rolling === null) return `all traffic is on ${rollout.from}`;
  return toUndo(rollout).length === 0 ? `${rollout.from} is as it was` : `${rollout.from} is left as it is`;
}
