import { BARE, batchesOf, batchSteps, pauseStep, sparesOut } from "./plan-rolling.ts";
import { canBeOut, countOf } from "./rolling-batch.ts";
import type { Rollout, Step } from "./rollout.ts";
import type { Want } from "./route.ts";
import { hookTasks, type Task } from "./task.ts";
import type { Member } from "./units.ts";
import { resting } from "./want.ts";

/**
 * What is done on the way back beside sending the share back, which comes first; empty where there is nothing else.
 *
 * In `rolling`, members that nobody touched return at once where they are healthy, and those that were touched get their old version
 * back, the last first.
 */
export function wayBack(rollout: Rollout): readonly Step[] {
  const steps = rollout.rolling === null ? [] : rollingBack(rollout);
  const after = hookTasks("afterRevert", rollout.later.afterRevert, "go");
  if (after.length === 0) return steps;
  if (steps.length === 0) return [{ ...BARE, batch: null, label: "back", want: backWant(rollout), after }];
  return steps.map((step, index) => (index === steps.length - 1 ? { ...step, after: [...step.after, ...after] } : step));
}

/** What nginx is to do from the moment on at which a rollout turns back. */
export function backWant(rollout: Rollout): Want {
  const { rolling } = rollout;
  if (rolling === null) return resting(rollout.from, rollout.to, rollout.id);
  // Who failed gets nothing from now on; who is out already stays so until it is its turn.
  const bad = [...Object.keys(rolling.failed), ...(rolling.failing?.members ?? [])];
  const gone = canBeOut(rollout, bad) ? [...rollout.want.out, ...bad] : rollout.want.out;
  const waiting = rolling.settings.rollback === null ? [] : toUndo(rollout).filter((member) => gone.includes(member));
  return { ...rollout.want, out: [...waiting, ...rolling.excluded], ease: {} };
}

/**
 * Whether nginx is to take the way back at once, at the cost of keep-alive connections. In `rolling` only while members that failed are
 * taken out; giving the others their old version has the time to be gentle.
 */
export function isUrgent({ phase, backFrom, rolling }: Rollout): boolean {
  if (phase.phase !== "reverting" && phase.phase !== "failed") return false;
  if (rolling === null) return true;
  return phase.cursor.step === backFrom && Object.keys(rolling.failed).length > 0;
}

/** Members with the new version that are still to get the old one, the last that was touched first. */
export function toUndo({ rolling }: Rollout): readonly Member[] {
  if (rolling === null) return [];
  const { touched, undone, excluded, settings } = rolling;
  return touched.filter((member) => ![...undone, ...excluded, ...settings.spares].includes(member)).reverse();
}

function rollingBack(rollout: Rollout): readonly Step[] {
  const { rolling } = rollout;
  if (rolling === null) return [];
  const { settings } = rolling;
  const want = backWant(rollout);
  const members = rollout.want.out.filter((member) => !want.out.includes(member));
  const healthy: Task = {
    name: "healthy",
    do: "members",
    members,
    forMs: 0,
    anew: false,
    withinMs: settings.deadlineMs,
    otherwise: "fail",
  };
  const back: Step = { ...BARE, batch: null, label: "put back who is out", want, after: members.length === 0 ? [] : [healthy] };
  const undo = settings.rollback === null ? [] : undoing(rollout, { ...want, out: rolling.excluded });
  const leave = want.extra === undefined ? [] : [sparesOut(settings, { ...want, out: rolling.excluded })];
  return [back, ...undo, ...leave];
}

function undoing(rollout: Rollout, base: Want): readonly Step[] {
  const { rolling } = rollout;
  const members = toUndo(rollout);
  if (rolling === null || rolling.settings.rollback === null || members.length === 0) return [];
  const { hook, batch, delayMs } = rolling.settings.rollback;
  const all = rolling.members.length;
  // A way back must not wait for ever: where even one is more than may be missing, one at a time is.
  const size = Math.max(1, Math.min(countOf(batch, members.length), all - rolling.minReady));
  const batches = batchesOf(members, size);
  const shaping = { settings: rolling.settings, base, minReady: Math.max(1, Math.min(rolling.minReady, all - size)) };
  return batches.flatMap((one, index) => [
    ...batchSteps(shaping, one, `rollback ${index + 1} of ${batches.length}`, { point: "rollback", hook }).map((step) =>
      keepOut(step, batches.slice(index + 1).flat(), rollout),
    ),
    ...(delayMs > 0 && index + 1 < batches.length
      ? [keepOut(pauseStep({ base }, index + 2, delayMs), batches.slice(index + 1).flat(), rollout)]
      : []),
  ]);
}

/** Members that are out already stay out until it is their turn. */
function keepOut(step: Step, later: readonly Member[], rollout: Rollout): Step {
  const out = backWant(rollout).out;
  const waiting = later.filter((member) => out.includes(member));
  return waiting.length === 0 ? step : { ...step, want: { ...step.want, out: [...step.want.out, ...waiting] } };
}
