import { glyph, paint, type Style } from "../cli/format/style.ts";
import { duration } from "../cli/format/units.ts";
import type { Ms } from "../core/units.ts";
import type { RolloutView } from "../core/view.ts";
import type { Scene } from "./scenes.ts";

/** How a scene ended, with what was measured from outside. */
export type Ending = {
  readonly scene: Scene;
  /** True where it ended as the story says. */
  readonly good: boolean;
  /** Null where there was no rollout, or it was not to be seen. */
  readonly rollout: RolloutView | null;
  readonly tookMs: Ms;
  /** From the command to the last request that was started and still went to the version before. */
  readonly switchedMs: Ms;
  /** From the first failed answer to the last request that still reached the bad version. */
  readonly exposedMs: Ms;
  readonly failed: number;
  readonly lost: number;
};

/** What came of a scene, in one sentence, with its mark. */
export function endingLine(ending: Ending, style: Style): string {
  const mark = ending.good ? "good" : "bad";
  return `${paint(style, mark, glyph(style, mark))} ${sentence(ending)}`;
}

function sentence(ending: Ending): string {
  const { scene, rollout, good, lost } = ending;
  if (!good) return `not as planned: ${rollout === null ? "no rollout was started" : `${rollout.phase}: ${rollout.reason}`}`;
  const none = lost === 0 ? "no request was lost" : `${lost} requests were lost`;
  if (scene.goal === "reverted") {
    return `${scene.version} was sent back ${duration(ending.exposedMs)} after its first failed request (${ending.failed} failed, ${none}): ${rollout?.reason}`;
  }
  if (rollout?.strategy === "canary") {
    return `${scene.version} carries everything after ${duration(ending.tookMs)}; ${none}`;
  }
  return `${duration(ending.switchedMs)} after the command nobody was sent to ${scene.before} any more; ${none}`;
}
