import { type Hold, neededOf } from "./check.ts";
import type { Step } from "./rollout.ts";
import type { BlueGreenSettings } from "./service.ts";
import type { Task } from "./task.ts";
import { type Ms, type PoolName, WHOLE } from "./units.ts";
import { moving, resting } from "./want.ts";

/** What every planner is told: where from, where to, and how long the candidate may take to become healthy. */
export type Course = { readonly from: PoolName; readonly to: PoolName; readonly seed: string; readonly deadlineMs: Ms };

const WAIT: Hold = { atMostMs: 0, then: "wait" };

/** Waits for every member of the candidate; goes back where that takes too long. */
export function healthyTask(course: Course): Task {
  return { name: `${course.to} healthy`, do: "healthy", pool: course.to, withinMs: course.deadlineMs, otherwise: "back" };
}

/** Makes the candidate nginx's rendered default, after which the way back is a new rollout. */
export function commitStep(course: Course): Step {
  return {
    label: "commit",
    before: [],
    want: resting(course.to, course.from, course.seed),
    after: [],
    untilEvidence: false,
    leastMs: 0,
    hold: WAIT,
    needs: [],
    ramp: null,
    batch: null,
  };
}

/** Healthy candidate, optional preview by header, all traffic at once, bake, commit. */
export function planBlueGreen(settings: BlueGreenSettings, course: Course): readonly Step[] {
  const preview = settings.preview === null ? [] : [previewStep(settings.preview, course)];
  const full: Step = {
    label: "switch",
    before: [healthyTask(course)],
    want: moving(course.from, course.to, WHOLE, course.seed),
    after: [],
    untilEvidence: false,
    leastMs: settings.bakeMs,
    hold: settings.hold,
    needs: settings.bakeMs === 0 ? [] : neededOf(settings.checks, WHOLE),
    ramp: null,
    batch: null,
  };
  return [...preview, full, commitStep(course)];
}

/** All traffic at once, and commit: no preview, no checks, no bake. For going back to a pool that is still as it was. */
export function planAtOnce(course: Course): readonly Step[] {
  return [
    {
      ...commitStep(course),
      label: "switch",
      before: [healthyTask(course)],
      want: moving(course.from, course.to, WHOLE, course.seed),
    },
    commitStep(course),
  ];
}

function previewStep(preview: { forMs: Ms | null }, course: Course): Step {
  return {
    label: "preview",
    before: [healthyTask(course)],
    want: { ...resting(course.from, course.to, course.seed), preview: true },
    after: preview.forMs === null ? [{ name: "approval", do: "approval", withinMs: null, otherwise: "hold" }] : [],
    untilEvidence: false,
    leastMs: preview.forMs ?? 0,
    hold: WAIT,
    needs: [],
    ramp: null,
    batch: null,
  };
}
