import type { Cursor, Rollout } from "../../src/core/rollout.ts";
import type { EventView } from "../../src/core/view.ts";
import { canonical } from "../../src/core/want.ts";

/** What the journal says of a rollout, held against what is stored of it. */

const TURNS = ["started", "paused", "resumed", "retried", "reverting", "failed", "promoted", "reverted"];
const STAGES = ["waiting", "applying", "observing", "held"];
const MOVING = ["started", "resumed", "retried"];

export const isOver = (rollout: Rollout) => rollout.phase.phase === "promoted" || rollout.phase.phase === "reverted";

export function cursorOf({ phase }: Rollout): Cursor | null {
  return phase.phase === "moving" || phase.phase === "paused" ? phase.cursor : null;
}

/** The journal's last word on which way the rollout goes is the phase that is stored. */
export function checkTurn({ id, phase }: Rollout, story: readonly EventView[]): void {
  const last = story.findLast((event) => TURNS.includes(event.kind))?.kind ?? "nothing";
  const told = MOVING.includes(last) ? "moving" : last;
  if (told !== phase.phase) throw new Error(`${id} is stored as ${phase.phase}, and the journal says ${last}`);
}

/** So is its last word on the step and what happens in it. */
export function checkStage(rollout: Rollout, story: readonly EventView[]): void {
  const cursor = cursorOf(rollout);
  if (cursor === null) return;
  // A raise of a ramp is told as `applying`, and the step goes on being observed.
  const last = story.findLast((event) => STAGES.includes(event.kind) && !event.text.startsWith("ramp at"));
  const { at } = cursor.stage;
  const overdue = at === "waiting" && last?.kind === "held";
  const first = last === undefined && at === "waiting" && cursor.step === 0;
  if (first || overdue || (last?.kind === at && last.step === cursor.step)) return;
  throw new Error(`${rollout.id} is stored at ${at} of step ${cursor.step}, and the journal says ${last?.kind} of ${last?.step}`);
}

/** A step is left by itself only where each check that it needs has passed in this very step. True where that is how it was left. */
export function checkLeft(before: Rollout, after: Rollout, lines: readonly EventView[]): boolean {
  const from = cursorOf(before);
  if (from === null || after.promoted !== null || lines.some((line) => line.kind === "retried")) return false;
  const skipped = lines.find((line) => line.kind === "advanced");
  if (skipped?.actor === null) checkSkipped(after, from);
  if (skipped !== undefined) return false;
  if (from.stage.at === "waiting" && from.stage.list === "after") return false;
  const to = cursorOf(after);
  const observed = lines.findLast((line) => line.kind === "observing")?.step ?? null;
  if (observed === to?.step && to.stage.at === "observing" && after.appliedSeq < after.seq)
    throw new Error(`${after.id} observes step ${observed}, which is not proved`);
  const end = after.phase.phase === "promoted" ? after.plan.length : to === null ? from.step : to.step;
  const dwelt = to !== null && to.step === from.step && to.stage.at === "waiting" && to.stage.list === "after";
  for (let step = from.step; step < (dwelt ? end + 1 : end); step++) {
    for (const need of after.plan[step]?.needs ?? []) {
      const known = after.verdicts[need];
      if (step === from.step && known?.entry === from.entry && known.verdict.is === "pass") continue;
      throw new Error(`${after.id} left step ${step}, entry ${from.entry}, with ${need} ${canonical(known ?? null)}`);
    }
  }
  return (dwelt ? end + 1 : end) > from.step && (after.plan[from.step]?.needs ?? []).length > 0;
}

/** `hold: { then: advance }` goes on without evidence, and never past evidence that is broken. */
function checkSkipped(rollout: Rollout, { step, entry }: Cursor): void {
  for (const need of rollout.plan[step]?.needs ?? []) {
    const known = rollout.verdicts[need];
    if (known?.entry === entry && (known.verdict.is === "error" || known.verdict.suspicious !== undefined))
      throw new Error(`${rollout.id} went on past ${need}, which is ${canonical(known.verdict)}`);
  }
}
