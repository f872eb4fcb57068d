import type { RolloutView } from "../../core/view.ts";
import { glyph, type Style } from "./style.ts";

type Course = Pick<RolloutView, "strategy" | "from" | "to">;

/** `canary blue → green`, or `rolling blue` where members are updated in place. */
export function courseOf(course: Course, style: Style): string {
  return `${course.strategy} ${placeOf(course, style)}`;
}

/** `blue → green`, or the pool that is updated in place. */
export function placeOf({ strategy, from, to }: Course, style: Style): string {
  return strategy === "rolling" ? to : `${from} ${glyph(style, "arrow")} ${to}`;
}
