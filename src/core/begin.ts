import { type Course, planBlueGreen } from "./blue-green.ts";
import { planCanary } from "./canary.ts";
import { Refusal } from "./errors.ts";
import { acceptSteps } from "./given-steps.ts";
import type { Move } from "./move.ts";
import { settle } from "./progress.ts";
import type { Readiness, Rollout, Step, Strategy } from "./rollout.ts";
import type { CanarySettings, CanaryStep, Check, Metric, ServiceSettings } from "./service.ts";
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
};

/** The first value of a rollout, with its plan and settings frozen. Throws a `Refusal` of a strategy that is not configured, or cannot have steps. */
export function begin(input: Beginning, now: Now): Move {
  const course: Course = { from: input.from, to: input.to, seed: input.id, deadlineMs: input.settings.health.deadlineMs };
  const { plan, checks } = planOf(input, course);
  const rollout: Rollout = {
    schema: 1,
    id: input.id,
    service: input.settings.name,
    strategy: input.strategy,
    version: input.version,
    reason: input.reason,
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
    want: resting(input.from, input.to, input.id),
    appliedSeq: 0,
    phase: { phase: "moving", cursor: { step: 0, entry: 1, stage: firstStage(plan, now) } },
    watch: null,
    tasks: {},
    verdicts: {},
    readiness: input.readiness,
    promoted: null,
  };
  const version = input.version === null ? "" : ` (${input.version})`;
  const text = `${input.strategy} from ${input.from} to ${input.to}${version}`;
  const started = { kind: "started", step: 0, actor: input.actor, text, data: { reason: input.reason } } as const;
  return settle({ rollout, facts: [started] }, now);
}

/** The steps that a strategy plans, and the checks that judge them. Also what `plan` shows before anything starts. */
export function planOf(
  input: Pick<Beginning, "settings" | "strategy" | "steps">,
  course: Course,
): { plan: readonly Step[]; checks: readonly Check[] } {
  const { settings } = input;
  switch (input.strategy) {
    case "blue-green":
      if (input.steps !== null)
        throw new Refusal(
          "invalid",
          "blue-green moves all traffic at once, and takes no steps",
          "leave the steps out, or use the strategy `canary`",
        );
      return { plan: planBlueGreen(settings.blueGreen, course), checks: settings.blueGreen.checks };
    case "canary": {
      const canary = canaryOf(settings, input.steps);
      return { plan: planCanary(canary, course, settings.routing), checks: canary.checks };
    }
    case "rolling":
      throw new Refusal("not-configured", `${settings.name} has no rolling settings`, "use `canary` or `blue-green`");
    default:
      return never(input.strategy);
  }
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

/** The healthy task of the first step comes first; every planner puts it there. */
function firstStage(plan: readonly Step[], now: Now) {
  const withinMs = plan[0]?.before[0]?.withinMs ?? null;
  return { at: "waiting", list: "before", task: 0, since: now.t, deadline: withinMs === null ? null : now.t + withinMs } as const;
}
