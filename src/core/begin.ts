import { type Course, planAtOnce, planBlueGreen } from "./blue-green.ts";
import { planCanary } from "./canary.ts";
import type { Check } from "./check.ts";
import { Refusal } from "./errors.ts";
import { acceptSteps } from "./given-steps.ts";
import { NO_HOOKS } from "./hook.ts";
import { withHooks } from "./hook-steps.ts";
import { refuseWithoutRoom } from "./largest.ts";
import type { Move } from "./move.ts";
import { planRolling, type RollingCourse } from "./plan-rolling.ts";
import { settle } from "./progress.ts";
import type { Rolling } from "./rolling.ts";
import { type Cursor, type Readiness, ROLLOUT_SCHEMA, type Rollout, type Step, type Strategy, type Undo } from "./rollout.ts";
import type { Want } from "./route.ts";
import type { CanarySettings, CanaryStep, Metric, RollingSettings, ServiceSettings } from "./service.ts";
import { waitFor } from "./steps.ts";
import { type Now, never, type PoolName } from "./units.ts";
import { resting } from "./want.ts";

export type Beginning = {
  readonly id: string;
  readonly settings: ServiceSettings;
  readonly strategy: Strategy;
  readonly from: PoolName;
  readonly to: PoolName;
  readonly version: string | null;
  readonly reason: string | null;
  /** Canary steps instead of the configured ones. */
  readonly steps: readonly CanaryStep[] | null;
  readonly readiness: Readonly<Record<PoolName, Readiness>>;
  readonly actor: string;
  /** What `rolling` has to know of the pool that it updates. */
  readonly inPlace: Pick<RollingCourse, "stable" | "other" | "members" | "drained">;
  /** Where it goes back to a revision; left out where it does not. `instant` is all at once, without checks, bake and gates. */
  readonly back?: { readonly undo: Undo; readonly instant: boolean };
};

/** The first value of a rollout, with its plan and settings frozen. Throws a `Refusal` of a strategy that is not configured, or cannot have steps. */
export function begin(input: Beginning, now: Now): Move {
  const course: Course = { from: input.from, to: input.to, seed: input.id, deadlineMs: input.settings.health.deadlineMs };
  const { plan, checks, rolling } = input.back?.instant === true ? instantly(input, course) : planOf(input, course);
  const cursor: Cursor = { step: 0, entry: 1, stage: { at: "applying", since: now.t, refused: null } };
  const rollout: Rollout = {
    schema: ROLLOUT_SCHEMA,
    id: input.id,
    service: input.settings.name,
    strategy: input.strategy,
    version: input.version,
    reason: input.reason,
    undo: input.back?.undo ?? null,
    steps: input.steps,
    from: input.from,
    to: input.to,
    plan,
    checks,
    metrics: metricsOf(input.settings, checks),
    startedBy: input.actor,
    startedAt: now.wall,
    endedAt: null,
    seq: 1,
    want: rolling === null ? resting(input.from, input.to, input.id) : quietWant(input),
    appliedSeq: 0,
    phase: { phase: "moving", cursor },
    watch: null,
    tasks: {},
    verdicts: {},
    readiness: input.readiness,
    promoted: null,
    rolling,
    backFrom: null,
    replaced: null,
    later: { afterRevert: input.settings.hooks.afterRevert, onFailed: input.settings.hooks.onFailed },
    // A way back is never frozen.
    freezes: input.back === undefined ? input.settings.freezes : [],
  };
  refuseWithoutRoom(rollout);
  const version = input.version === null ? "" : ` (${input.version})`;
  const where = rolling === null ? `from ${input.from} to ${input.to}` : `of ${input.to}`;
  const back = rollout.undo === null ? "" : `undo to revision ${rollout.undo.revision}: `;
  const text = `${back}${input.strategy} ${where}${version}`;
  const started = { kind: "started", step: 0, actor: input.actor, text, data: { reason: input.reason } } as const;
  // Its first task begins with it.
  return settle({ rollout: waitFor(rollout, cursor, "before", 0, now).rollout, facts: [started] }, now);
}

/** The steps that a strategy plans, and the checks that judge them. Also what `plan` shows before anything starts. */
export function planOf(
  input: Pick<Beginning, "settings" | "strategy" | "steps" | "inPlace">,
  course: Course,
): { plan: readonly Step[]; checks: readonly Check[]; rolling: Rolling | null } {
  const { settings } = input;
  switch (input.strategy) {
    case "blue-green":
      if (input.steps !== null)
        throw new Refusal(
          "invalid",
          "blue-green moves all traffic at once, and takes no steps",
          "leave the steps out, or use the strategy `canary`",
        );
      return {
        plan: withHooks(planBlueGreen(settings.blueGreen, course), settings.hooks, course.to),
        checks: settings.blueGreen.checks,
        rolling: null,
      };
    case "canary": {
      const canary = canaryOf(settings, input.steps);
      const plan = withHooks(planCanary(canary, course, settings.routing), settings.hooks, course.to);
      return { plan, checks: canary.checks, rolling: null };
    }
    case "rolling": {
      const rolling = rollingOf(settings, input.steps);
      const inPlace: RollingCourse = { pool: course.to, seed: course.seed, ...input.inPlace };
      return { ...planRolling(rolling, inPlace, settings.hooks), checks: rolling.checks };
    }
    default:
      return never(input.strategy);
  }
}

/** What cannot change any more what happened is still called: caches may have to be emptied. */
function instantly({ settings }: Beginning, course: Course): ReturnType<typeof planOf> {
  const hooks = { ...NO_HOOKS, afterPromote: settings.hooks.afterPromote };
  return { plan: withHooks(planAtOnce(course), hooks, course.to), checks: [], rolling: null };
}

function metricsOf(settings: ServiceSettings, checks: readonly Check[]): readonly Metric[] {
  return [...new Set(checks.map((check) => check.metric))].map((name) => {
    const metric = settings.metrics[name];
    if (metric === undefined)
      throw new Refusal("not-configured", `a check of ${settings.name} names the metric ${name}, which is not configured`);
    return metric;
  });
}

/** Steps of the call need no `canary:`: they then go without checks, and hold as a switch does. */
function canaryOf(settings: ServiceSettings, steps: readonly CanaryStep[] | null): CanarySettings {
  if (steps !== null) {
    const canary = { checks: [], hold: settings.blueGreen.hold, bakeMs: 0, ...settings.canary, steps };
    acceptSteps(steps, canary.checks);
    return canary;
  }
  if (settings.canary !== null) return settings.canary;
  throw new Refusal(
    "not-configured",
    `${settings.name} has no \`canary:\` in the configuration`,
    `add services.${settings.name}.canary.steps, or use \`sluice switch ${settings.name}\``,
  );
}

function quietWant({ inPlace, id }: Beginning): Want {
  return resting(inPlace.stable, inPlace.other, id);
}

function rollingOf(settings: ServiceSettings, steps: readonly CanaryStep[] | null): RollingSettings {
  if (steps !== null)
    throw new Refusal(
      "invalid",
      "rolling goes member by member, and takes no steps",
      "leave the steps out, or use the strategy `canary`",
    );
  if (settings.rolling !== null) return settings.rolling;
  throw new Refusal(
    "not-configured",
    `${settings.name} has no \`rolling:\` in the configuration`,
    `add services.${settings.name}.rolling with a \`deploy\` hook`,
  );
}
