import type { Cursor, Rollout } from "../../src/core/rollout.ts";
import type { Ms } from "../../src/core/units.ts";
import type { EventView } from "../../src/core/view.ts";
import { cursorOf } from "./story.ts";

/** How long a write may take. Only what has a line in the journal says itself when it happened. */
const LATE_MS: Ms = 60;

/**
 * The time that a rollout has spent in its stage, pauses left out; while it is observed, only with what is wanted proved. What is written
 * between two looks is what counts, so that a restart in between changes nothing.
 */
export class Spent {
  #last: { readonly rollout: Rollout; readonly at: Ms } | null = null;
  #ms: Ms = 0;
  #hurried = false;
  #slackMs: Ms = LATE_MS;

  /** Takes the next value; throws where a stage ended by itself before its time. */
  next(rollout: Rollout, lines: readonly EventView[], written: Ms): void {
    const [line] = lines;
    const now = line === undefined ? written : Date.parse(line.at);
    if (line === undefined) this.#slackMs += LATE_MS;
    const last = this.#last;
    this.#last = { rollout, at: now };
    const from = last === null ? null : cursorOf(last.rollout);
    if (last === null || from === null) return;
    if (last.rollout.phase.phase === "moving" && (from.stage.at !== "observing" || isProved(last.rollout)))
      this.#ms += now - last.at;
    // What a person says counts for the rest of the stage: a ramp that is told to go on ends once its last raise is proved.
    this.#hurried ||=
      rollout.promoted !== null || lines.some((line) => line.actor !== null && line.kind !== "resumed" && line.kind !== "paused");
    const to = cursorOf(rollout);
    if (to !== null && stageOf(to) === stageOf(from)) return;
    const leastMs = this.#hurried ? 0 : leastOf(from, rollout, lines);
    if (this.#ms + this.#slackMs < leastMs)
      throw new Error(`${rollout.id} left ${stageOf(from)} after ${this.#ms} of ${leastMs} ms`);
    this.#ms = 0;
    this.#hurried = false;
    this.#slackMs = LATE_MS;
  }
}

function isProved({ appliedSeq, seq }: Rollout): boolean {
  return appliedSeq >= seq;
}

function stageOf({ step, entry, stage }: Cursor): string {
  const which = stage.at === "waiting" ? ` ${stage.list} ${stage.task}` : "";
  return `step ${step}, entry ${entry}, ${stage.at}${which}`;
}

/** How long the stage takes where nobody and nothing ends it. */
function leastOf({ step, stage }: Cursor, rollout: Rollout, lines: readonly EventView[]): Ms {
  const planned = rollout.plan[step];
  if (planned === undefined) return 0;
  const back = lines.find((line) => line.kind === "reverting");
  switch (stage.at) {
    case "observing":
      return back === undefined ? planned.leastMs : 0;
    case "held":
      return back?.text.includes("held too long") || lines.some((line) => line.kind === "advanced") ? planned.hold.atMostMs : 0;
    case "waiting": {
      const task = planned[stage.list][stage.task];
      // A hook says no whenever it likes.
      return back === undefined || rollout.watch !== null || task?.do === "hook" ? 0 : (task?.withinMs ?? 0);
    }
    default:
      return 0;
  }
}
