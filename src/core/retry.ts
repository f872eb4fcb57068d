import { downOf } from "./blocker.ts";
import { retryBack, retryMembers } from "./member-command.ts";
import { fact, type Move, phaseName } from "./move.ts";
import { type Refused, refused } from "./refused.ts";
import type { Command, Phase, Rollout } from "./rollout.ts";
import { enter } from "./steps.ts";
import type { Now } from "./units.ts";

type Failed = Phase & { phase: "failed" };
type Told = { readonly actor: string; readonly said: string };

/**
 * A failed rollout goes on from the step that failed, or from its first one, judged by new evidence alone. A reverted one starts anew,
 * which is a new rollout.
 *
 * In `rolling`, what failed is the way back: it goes on with that, and members that failed on the way forward are done again.
 */
export function retry(rollout: Rollout, { from }: Command & { verb: "retry" }, { actor, said }: Told, now: Now): Move | Refused {
  const { phase } = rollout;
  const withFact = (move: Move): Move => {
    const retried = fact("retried", "cursor" in phase ? phase.cursor.step : null, said, actor);
    return { rollout: move.rollout, facts: [retried, ...move.facts] };
  };
  if (from === "start" && rollout.rolling !== null) return notAnew(rollout);
  const members = phase.phase === "moving" && from === undefined ? retryMembers(rollout, phase.cursor, now) : null;
  if (members !== null) return withFact(members);
  if (phase.phase !== "failed") return refused("nothing-to-retry", `${rollout.id} is ${phaseName(rollout)}, not failed`);
  const forward = rollout.rolling === null ? withoutWayBack(rollout) : null;
  if (forward === null) return withFact(retryBack(rollout, phase.cursor, now));
  const down = downOf(rollout);
  if (down !== null) return refused("not-ready", `${rollout.id}: ${down}`, "mend the members first");
  return withFact(goOn(forward, phase, from === "start" ? 0 : failedStep(rollout, phase), from === "start", now));
}

/** Members on their way back would come in unseen, and the pool runs two versions: what stands has to be accepted first. */
function notAnew({ id, service, phase }: Rollout): Refused {
  const accepts = `sluice abort ${service} leaves the members as they are; then sluice retry ${service} starts anew`;
  return refused(
    "wrong-phase",
    `${id} updates members in place, and cannot begin at its first step while it is under way`,
    phase.phase === "failed" ? accepts : `sluice abort ${service}, then sluice retry ${service}`,
  );
}

/** The step that a failed rollout was in when it turned back. */
function failedStep({ backFrom }: Rollout, { cursor }: Failed): number {
  return backFrom === null ? cursor.step : backFrom - 1;
}

/** The rollout with the plan that it had before it turned back; null where an earlier version of Sluice did not keep that. */
function withoutWayBack(rollout: Rollout): Rollout | null {
  const { backFrom, replaced, plan } = rollout;
  if (backFrom === null) return rollout;
  return replaced === null
    ? null
    : { ...rollout, plan: [...plan.slice(0, backFrom), ...replaced], backFrom: null, replaced: null };
}

/** Hooks that succeeded are not run again, those that failed are; who approved once did not approve what begins anew. */
function goOn(rollout: Rollout, { cursor }: Failed, step: number, anew: boolean, now: Now): Move {
  const stands = ([, { ok, by }]: [string, Rollout["tasks"][string]]) => ok && !(anew && by !== null);
  const tasks = Object.fromEntries(Object.entries(rollout.tasks).filter(stands));
  const moving: Rollout = { ...rollout, tasks, watch: null, verdicts: {}, phase: { phase: "moving", cursor } };
  return enter(moving, cursor, step, now);
}
