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
  /** From the turn (the command, or the break of a bad version) until no request was sent to the other version any more. */
  readonly turnedMs: Ms | null;
  /** Requests that the candidate failed. */
  readonly failed: number;
  readonly lost: number;
};

/** What came of a scene, with its mark, and for a version that went back the reason. */
export function endingLines(ending: Ending, style: Style): string[] {
  const mark = ending.good ? "good" : "bad";
  const isBack = ending.good && ending.scene.goal === "reverted";
  return [
    `${paint(style, mark, glyph(style, mark))} ${endingText(ending)}`,
    ...(isBack ? [`  because of ${ending.rollout?.reason}`] : []),
  ];
}

/** The same in one sentence, without the reason of a version that went back. */
export function endingText({ scene, rollout, good, lost, failed, turnedMs, tookMs }: Ending): string {
  if (!good)
    return `not as planned: ${rollout === null ? "no rollout was started" : `it is ${rollout.phase}: ${rollout.reason}`}`;
  const turned = turnedMs === null ? "-" : duration(turnedMs);
  if (scene.goal === "reverted") return `${scene.version} is out ${turned} after it broke; ${failed} failed, ${lost} lost`;
  if (rollout?.strategy === "canary") return `${scene.version} has all requests after ${duration(tookMs)}; ${lost} lost`;
  return `${scene.version} has all requests ${turned} after the command; ${lost} lost`;
}
