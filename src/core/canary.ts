import { type Course, commitStep, healthyTask } from "./blue-green.ts";
import { neededOf } from "./check.ts";
import type { Ramp, Step } from "./rollout.ts";
import type { CanarySettings, CanaryStep, Routing } from "./service.ts";
import type { Task } from "./task.ts";
import { type Bp, type Ms, never, WHOLE } from "./units.ts";
import { moving, percent } from "./want.ts";

/** A ramp's least time between two raises. Every raise of a weighted route is a reload, and nginx takes few of those. */
const LEAST_RAISE_MS: Readonly<Record<Routing, Ms>> = { live: 1_000, weighted: 5_000 };
const RAMP_QUANTUM: Bp = 100;

/**
 * The configured steps, then (where the last is below 100 %) the whole traffic, then the bake, then the commit.
 *
 * Every share is reached exactly and never passed.
 */
export function planCanary(settings: CanarySettings, course: Course, routing: Routing): readonly Step[] {
  const needs = neededOf(settings.checks, WHOLE);
  const base = { before: [], after: [], untilEvidence: false, leastMs: 0, hold: settings.hold, needs, ramp: null, batch: null };
  const to = (bp: Bp) => moving(course.from, course.to, bp, course.seed);
  let reachedBp: Bp = 0;
  const steps = settings.steps.map((line): Step => {
    const fromBp = reachedBp;
    reachedBp = line.kind === "ramp" ? line.to : line.share;
    const common = { ...base, want: to(reachedBp), hold: line.hold ?? settings.hold };
    return { ...common, ...actionOf(line, fromBp, course, routing, neededOf(settings.checks, reachedBp)) };
  });
  if (reachedBp < WHOLE) steps.push({ ...base, label: percent(WHOLE), want: to(WHOLE), needs: [] });
  if (settings.bakeMs > 0) steps.push({ ...base, label: "bake", want: to(WHOLE), leastMs: settings.bakeMs });
  return [...steps.map((step, index) => (index === 0 ? { ...step, before: [healthyTask(course)] } : step)), commitStep(course)];
}

/** A person's approval needs no evidence unless the step asks for it: checks still go on, and a fail still reverts. */
function actionOf(line: CanaryStep, fromBp: Bp, course: Course, routing: Routing, checks: readonly string[]) {
  switch (line.kind) {
    case "share":
      return { label: percent(line.share), leastMs: line.forMs, needs: line.needs ?? checks };
    case "evidence":
      return {
        label: `${percent(line.share)} until evidence`,
        untilEvidence: true,
        leastMs: line.forMs,
        needs: line.needs ?? checks,
      };
    case "approval":
      return {
        label: `${percent(line.share)} until approved`,
        needs: line.needs ?? [],
        after: [approvalTask(line.within)],
      };
    case "ramp":
      return {
        label: `ramp to ${percent(line.to)}`,
        leastMs: line.overMs,
        needs: line.needs ?? checks,
        ramp: rampOf(course, fromBp, line.to, line.overMs, LEAST_RAISE_MS[routing]),
      };
    default:
      return never(line);
  }
}

/** A person who takes too long: back, unless the step says otherwise. */
function approvalTask(within: (CanaryStep & { kind: "approval" })["within"]): Task {
  const otherwise = { abort: "back", wait: "hold", advance: "go" } as const;
  const ends = within === null ? "hold" : otherwise[within.then];
  return { name: "approval", do: "approval", withinMs: within?.ms ?? null, otherwise: ends };
}

/** One percent at a time where the time allows it, else as few whole percents as it does; the first raise is at once. */
function rampOf(course: Course, fromBp: Bp, toBp: Bp, overMs: Ms, leastMs: Ms): Ramp {
  const span = toBp - fromBp;
  const most = Math.max(1, Math.min(Math.ceil(span / RAMP_QUANTUM), Math.floor(overMs / leastMs)));
  const quantumBp = Math.ceil(span / most / RAMP_QUANTUM) * RAMP_QUANTUM;
  const raises = Math.ceil(span / quantumBp);
  return { pool: course.to, fromBp, toBp, quantumBp, everyMs: Math.floor(overMs / raises) };
}
