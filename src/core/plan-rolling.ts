import { type Hold, neededOf } from "./check.ts";
import { Refusal } from "./errors.ts";
import type { HookPoint, Hooks } from "./hook.ts";
import type { Rolling } from "./rolling.ts";
import { countOf } from "./rolling-batch.ts";
import type { Step } from "./rollout.ts";
import type { Want } from "./route.ts";
import type { RollingSettings } from "./service.ts";
import { hookTasks, type Task } from "./task.ts";
import type { Bp, Member, PoolName } from "./units.ts";
import { resting } from "./want.ts";

/** What a rolling rollout is told of the pool that it updates. */
export type RollingCourse = {
  readonly pool: PoolName;
  /** The pool that carries the traffic, which may be another one. */
  readonly stable: PoolName;
  readonly other: PoolName | null;
  readonly seed: string;
  readonly members: readonly Member[];
  /** Members that a person took out: they are neither touched nor counted. */
  readonly drained: readonly Member[];
};

const WAIT: Hold = { atMostMs: 0, then: "wait" };
/** The parts of its whole share that a member gets while it starts slowly. Each is a reload. */
const SLOW_START: readonly Bp[] = [2_500, 5_000, 7_500];
/** A rollout is stored whole at each change, and a store takes a megabyte at a time. */
const MOST_STEPS = 1_000;
/** A step that does nothing but want something. */
export const BARE = { before: [], after: [], untilEvidence: false, leastMs: 0, hold: WAIT, needs: [], ramp: null } as const;

/**
 * Per batch: out of nginx, drained, deployed, healthy, back, judged, and a pause before the next one.
 *
 * Throws a `Refusal`, with the numbers, where that would leave fewer members than allowed, or none.
 */
export function planRolling(
  settings: RollingSettings,
  course: RollingCourse,
  hooks: Hooks,
): { plan: readonly Step[]; rolling: Rolling } {
  const serving = course.members.filter((member) => !course.drained.includes(member));
  const members = inOrder(settings, serving);
  if (members.length === 0)
    throw new Refusal("not-ready", `${course.pool} has no member to update`, "see `exclude` and the members that are drained");
  const size = Math.max(1, countOf(settings.batch, members.length));
  const minReady = minReadyOf(settings, course.pool, serving.length, Math.min(size, members.length));
  const batches = batchesOf(members, size);
  const quiet = resting(course.stable, course.other, course.seed);
  const base: Want = settings.spares.length === 0 ? quiet : { ...quiet, extra: settings.spares };
  const wide: Shaping = { settings, base, minReady };
  const steps = batches.flatMap((batch, index) => [
    ...bracket(
      batchSteps(wide, batch, `batch ${index + 1} of ${batches.length}`, { point: "deploy", hook: settings.deploy }),
      hooks,
    ),
    ...(settings.delayMs > 0 && index + 1 < batches.length ? [pauseStep(wide, index + 2, settings.delayMs)] : []),
  ]);
  const plan = settings.spares.length === 0 ? steps : [sparesIn(wide), ...steps, sparesOut(settings, wide.base)];
  if (plan.length > MOST_STEPS)
    throw new Refusal(
      "invalid",
      `${members.length} members in batches of ${size} make ${plan.length} steps, and a rollout has at most ${MOST_STEPS}`,
      "a larger `batch`, such as 5%",
    );
  return { plan: opened(plan, hooks), rolling: blank(settings, course.pool, members, minReady) };
}

/** What every step of one rollout is made from. */
export type Shaping = { readonly settings: RollingSettings; readonly base: Want; readonly minReady: number };

function blank(settings: RollingSettings, pool: PoolName, members: readonly Member[], minReady: number): Rolling {
  return {
    pool,
    members,
    settings,
    minReady,
    mayFail: countOf(settings.maxFailures, members.length),
    touched: [],
    deployed: [],
    undone: [],
    failed: {},
    skipped: [],
    excluded: [],
    failing: null,
    fresh: {},
    health: {},
  };
}

function inOrder({ order, exclude }: RollingSettings, serving: readonly Member[]): readonly Member[] {
  const first = order.filter((member) => serving.includes(member));
  return [...first, ...serving.filter((member) => !first.includes(member))].filter((member) => !exclude.includes(member));
}

export function batchesOf(members: readonly Member[], size: number): readonly (readonly Member[])[] {
  return Array.from({ length: Math.ceil(members.length / size) }, (_, index) => members.slice(index * size, (index + 1) * size));
}

/** How many members have to be ready before a batch is taken out, so that what is left is never too few. */
function minReadyOf(settings: RollingSettings, pool: PoolName, serving: number, batch: number): number {
  const spares = settings.spares.length;
  const most = settings.maxUnavailable === null ? Math.max(0, batch - spares) : countOf(settings.maxUnavailable, serving);
  const minReady = serving - most;
  const left = serving + spares - batch;
  const numbers = `${pool} has ${serving} members in service${spares === 0 ? "" : ` and ${spares} spares`}, a batch takes out ${batch}`;
  if (left < 1 || minReady < 1)
    throw new Refusal(
      "invalid",
      `${numbers}: none would be left`,
      "a smaller `batch`, a smaller `maxUnavailable`, or a member in `spares`",
    );
  if (left < minReady)
    throw new Refusal(
      "invalid",
      `${numbers}, which leaves ${left}; \`maxUnavailable\` asks for ${minReady}`,
      "a smaller `batch`, a larger `maxUnavailable`, or members in `spares`",
    );
  return minReady;
}

/** One batch: out, the hook, and back. Also what the way back is made of, with the other hook. */
export function batchSteps(
  { settings, base, minReady }: Shaping,
  batch: readonly Member[],
  label: string,
  { point, hook }: { readonly point: HookPoint & ("deploy" | "rollback"); readonly hook: RollingSettings["deploy"] },
): readonly Step[] {
  const names = batch.join(", ");
  const out: Step = {
    ...BARE,
    label: `${label}: take out ${names}`,
    before: [spared(batch, minReady, point, settings)],
    want: { ...base, out: batch },
    batch,
  };
  const back: Step = { ...BARE, label: "", want: base, batch };
  const parts = settings.slowStartMs > 0 && point === "deploy" ? SLOW_START : [];
  const eased = parts.map(
    (bp): Step => ({
      ...back,
      label: `${label}: ${bp / 100} % of its share`,
      want: { ...base, ease: Object.fromEntries(batch.map((member) => [member, bp])) },
      leastMs: Math.floor(settings.slowStartMs / (SLOW_START.length + 1)),
    }),
  );
  const monitored: Step = {
    ...back,
    label: point === "deploy" ? `${label}: ${names} back` : `${label}: ${names} back as before`,
    leastMs: point === "deploy" ? settings.monitorMs : 0,
    hold: settings.hold,
    needs: point === "deploy" && settings.monitorMs > 0 ? neededOf(settings.checks, 0) : [],
  };
  const [first, ...rest] = [...eased, monitored];
  return [out, { ...(first as Step), before: workOn(settings, batch, point, hook) }, ...rest];
}

/** Forward a batch waits for as long as it takes; a way back that cannot go on needs a person. */
function spared(members: readonly Member[], atLeast: number, point: HookPoint, { deadlineMs }: RollingSettings): Task {
  const task = { name: "enough ready", do: "capacity", members, atLeast } as const;
  return point === "deploy"
    ? { ...task, withinMs: null, otherwise: "hold" }
    : { ...task, withinMs: deadlineMs, otherwise: "fail" };
}

function workOn(
  settings: RollingSettings,
  members: readonly Member[],
  point: HookPoint,
  hook: RollingSettings["deploy"],
): readonly Task[] {
  const timeout = settings.onDrainTimeout === "abort" && point === "deploy" ? "back" : "go";
  return [
    { name: "drained", do: "drained", members, withinMs: settings.drainMs, otherwise: timeout },
    { name: hook.name, do: "hook", point, hook, members, withinMs: hook.deadlineMs + 5_000, otherwise: "fail" },
    {
      name: "healthy",
      do: "members",
      members,
      forMs: settings.minHealthyMs,
      anew: true,
      withinMs: settings.deadlineMs,
      otherwise: "fail",
    },
  ];
}

export function pauseStep({ base }: Pick<Shaping, "base">, next: number, leastMs: number): Step {
  return { ...BARE, label: `pause before batch ${next}`, want: base, leastMs, batch: null };
}

// --- spares ---------------------------------------------------------------------------------------------------------

function sparesIn({ settings, base }: Shaping): Step {
  const { spares, deploy } = settings;
  const before = workOn(settings, spares, "deploy", deploy);
  return { ...BARE, label: `bring in ${spares.join(", ")}`, before, want: base, batch: spares };
}

/** Spares go once everybody else is back; what they still answer is waited for. */
export function sparesOut({ spares, drainMs }: RollingSettings, want: Want): Step {
  const { extra: _, ...base } = want;
  const drained: Task = { name: "drained", do: "drained", members: spares, withinMs: drainMs, otherwise: "go" };
  return { ...BARE, label: `let ${spares.join(", ")} go`, want: base, after: [drained], batch: null };
}

// --- hooks ----------------------------------------------------------------------------------------------------------

/** The hooks around a stretch of steps that users think of as one. */
export function bracket(steps: readonly Step[], hooks: Hooks): readonly Step[] {
  const before = hookTasks("beforeStep", hooks.beforeStep, "back");
  const after = hookTasks("afterStep", hooks.afterStep, "back");
  const last = steps.length - 1;
  return steps.map((step, index) => ({
    ...step,
    before: index === 0 ? [...before, ...step.before] : step.before,
    after: index === last ? [...step.after, ...after] : step.after,
  }));
}

/** The hooks of a whole rollout: before its first step, and after its last. */
export function opened(plan: readonly Step[], hooks: Hooks): readonly Step[] {
  const start = hookTasks("beforeStart", hooks.beforeStart, "back");
  const end = [
    ...hookTasks("beforePromote", hooks.beforePromote, "back"),
    ...hookTasks("afterPromote", hooks.afterPromote, "go"),
  ];
  const last = plan.length - 1;
  return plan.map((step, index) => ({
    ...step,
    before: index === 0 ? [...start, ...step.before] : step.before,
    after: index === last ? [...step.after, ...end] : step.after,
  }));
}
