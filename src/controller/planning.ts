import { setImmediate } from "node:timers/promises";
import { downOf } from "../core/blocker.ts";
import type { StartInput } from "../core/control.ts";
import type { Assumed, Figure, PlannedStep, PlannedTask, PlannedTraffic, PlanView, TargetChange } from "../core/planned.ts";
import type { Observer, Preview } from "../core/ports.ts";
import type { Rollout, Step } from "../core/rollout.ts";
import type { Route } from "../core/route.ts";
import type { ServiceSettings } from "../core/service.ts";
import type { Task } from "../core/task.ts";
import type { Ms, Now, TargetName } from "../core/units.ts";
import { resting, sameWant } from "../core/want.ts";
import { type Expected, foresee, type Prospect } from "./foresight.ts";
import { warningsOf } from "./planned-warnings.ts";
import { composeRoute, type ServiceRecord } from "./record.ts";
import { destination, firstMove, refusalOf } from "./starting.ts";

export type PlanningDeps = {
  /** Absent where nothing can show nginx's files. */
  readonly preview?: Preview;
  readonly observer?: Observer;
  readonly epoch: string;
};

/** All routes that are wanted of a target now. */
export type WantedOf = (target: TargetName) => readonly Route[];

/**
 * What a start would do now: its plan is made by the same call, so that it cannot differ. Writes nothing. Rejects with a `Refusal` where
 * not even a plan can be made: an unknown pool, a strategy that is not configured, steps that cannot be.
 */
export async function planStart(
  deps: PlanningDeps,
  { record, settings }: { readonly record: ServiceRecord; readonly settings: ServiceSettings },
  input: StartInput,
  assumed: Assumed,
  wanted: WantedOf,
  now: Now,
): Promise<PlanView> {
  const from = record.state.stable;
  const to = destination(settings, from, input.to, input.strategy);
  const traffic = trafficOf(deps.observer?.traffic(settings.name) ?? null, from, assumed);
  const head = { service: settings.name, strategy: input.strategy, version: input.version, from, to };
  if (to === from && input.strategy !== "rolling") {
    const refused = { code: "already-stable", reason: `${to} is stable already: there is nothing to do`, hint: null } as const;
    return { ...head, refused, leastMs: 0, traffic, begins: [], steps: [] };
  }
  const { rollout } = firstMove(record, settings, to, input, { name: "plan" }, now);
  const moments = momentsOf(record, settings, rollout, deps.epoch);
  const changes = await changesOf(deps, settings, moments, wanted);
  // Members that are updated in place share one pool's traffic with the others: there is no outlook on a part of a pool.
  const expected = to === from ? null : expectedOf(traffic);
  const offset = moments.length - rollout.plan.length;
  return {
    ...head,
    refused: refusedOf(record, settings, rollout, input, now),
    leastMs: rollout.plan.reduce((sum, step) => sum + step.leastMs + healthyMs(step), 0),
    traffic,
    begins: offset === 0 ? [] : (changes[0] ?? []).filter(({ change, problem }) => change !== "nothing" || problem !== null),
    steps: await inTurn(rollout.plan, (step, index) =>
      showStep(
        rollout,
        step,
        { step, earlier: rollout.plan.slice(0, index), to, checks: rollout.checks, metrics: settings.metrics, expected },
        changes[index + offset] ?? [],
      ),
    ),
  };
}

/** One after the other, with room for others in between: an abort must not wait for the figures of a long plan. */
async function inTurn<T, R>(all: readonly T[], make: (one: T, index: number) => R): Promise<readonly R[]> {
  const made: R[] = [];
  for (const [index, one] of all.entries()) {
    made.push(make(one, index));
    await setImmediate();
  }
  return made;
}

function refusedOf(
  record: ServiceRecord,
  settings: ServiceSettings,
  { to }: Rollout,
  { replace }: StartInput,
  now: Now,
): PlanView["refused"] {
  const refusal = refusalOf(replace ? { ...record, rollout: null } : record, settings, to, now);
  return refusal === null ? null : { code: refusal.code, reason: refusal.message, hint: refusal.hint };
}

function showStep(rollout: Rollout, step: Step, prospect: Prospect, nginx: readonly TargetChange[]): PlannedStep {
  const { label, want, leastMs, needs, hold, ramp } = step;
  const foreseen = foresee(prospect);
  const isFirst = step === rollout.plan[0];
  return {
    label,
    shares: want.shares,
    until: untilOf(step),
    before: step.before.map((task) => showTask(rollout, task, isFirst)),
    after: step.after.map((task) => showTask(rollout, task, false)),
    leastMs,
    needs,
    hold,
    ramp: ramp === null ? null : { fromBp: ramp.fromBp, toBp: ramp.toBp, quantumBp: ramp.quantumBp, everyMs: ramp.everyMs },
    nginx,
    ...foreseen,
    warnings: [...(isFirst ? reloadsOf(rollout) : []), ...warningsOf(prospect, foreseen)],
  };
}

/** How long the members of a step have to be healthy before they are put back. */
function healthyMs({ before }: Step): Ms {
  return before.reduce((sum, task) => sum + (task.do === "members" ? task.forMs : 0), 0);
}

/** What updating in place does to nginx, and to those who stay connected for long. */
function reloadsOf({ plan, want, rolling }: Rollout): readonly string[] {
  if (rolling === null) return [];
  const reloads = plan.filter((step, index) => !sameWant(step.want, plan[index - 1]?.want ?? want)).length;
  return [
    `${reloads} reloads of nginx: long-lived connections (websockets, slow downloads) stay with the workers of before each, and where those of 6 reloads are still open the next batch waits for some to close`,
  ];
}

function untilOf({ untilEvidence, after }: Step): PlannedStep["until"] {
  if (untilEvidence) return "evidence";
  return after.some((task) => task.do === "approval") ? "approval" : "time";
}

/** Only what the first step waits for shows now. */
function showTask(rollout: Rollout, task: Task, isFirst: boolean): PlannedTask {
  const missing = isFirst && task.do === "healthy" ? downOf(rollout) : null;
  return { name: task.name, waitsFor: task.do, withinMs: task.withinMs, otherwise: task.otherwise, missing };
}

// --- traffic --------------------------------------------------------------------------------------------------------

/** What was given holds; what was not is taken from what nginx was seen to serve. */
function trafficOf(measured: ReturnType<Observer["traffic"]>, stable: string, assumed: Assumed): PlannedTraffic {
  const seconds = (measured?.windowMs ?? 0) / 1_000;
  const all = Object.values(measured?.pools ?? {}).reduce((sum, { n }) => sum + n, 0);
  const { n, x } = measured?.pools[stable] ?? { n: 0, x: 0 };
  return {
    requestsPerS: figureOf(assumed.requestsPerS, seconds === 0 ? null : all / seconds),
    errorRatio: figureOf(assumed.errorRatio, n === 0 ? null : x / n),
    windowMs: measured?.windowMs ?? null,
  };
}

function figureOf(given: number | null, measured: number | null): Figure | null {
  if (given !== null) return { value: given, is: "given" };
  return measured === null ? null : { value: measured, is: "measured" };
}

function expectedOf({ requestsPerS, errorRatio }: PlannedTraffic): Expected | null {
  return requestsPerS === null ? null : { requestsPerS: requestsPerS.value, errorRatio: errorRatio?.value ?? 0 };
}

// --- nginx ----------------------------------------------------------------------------------------------------------

/** A route that would be wanted, and in how many changes it comes: a ramp has several. */
type Moment = { readonly route: Route; readonly times: number };

/** The routes of a rollout, one after the other: of its start, where the first step has to wait, and of each step. */
function momentsOf(record: ServiceRecord, settings: ServiceSettings, rollout: Rollout, epoch: string): readonly Moment[] {
  const first = resting(rollout.from, rollout.to, rollout.id);
  const wants = [
    ...(sameWant(rollout.want, first) ? [{ want: first, times: 1 }] : []),
    ...rollout.plan.map(({ want, ramp }) => ({
      want,
      times: ramp === null ? 1 : Math.ceil((ramp.toBp - ramp.fromBp) / ramp.quantumBp),
    })),
  ];
  const moments: Moment[] = [];
  for (const { want, times } of wants) {
    const last = moments.at(-1)?.route ?? record.route;
    const seq = rollout.seq + moments.length;
    moments.push({ route: composeRoute({ ...record, rollout: { ...rollout, want, seq } }, settings, last, epoch), times });
  }
  return moments;
}

/** For each moment, what it changes in each target of the service. */
async function changesOf(
  { preview }: PlanningDeps,
  { targets }: ServiceSettings,
  moments: readonly Moment[],
  wanted: WantedOf,
): Promise<readonly (readonly TargetChange[])[]> {
  const byTarget = await Promise.all(targets.map((target) => changesIn(preview, target, moments, wanted(target))));
  return moments.map((_, index) => byTarget.flatMap((changes) => changes[index] ?? []));
}

async function changesIn(
  preview: Preview | undefined,
  target: TargetName,
  moments: readonly Moment[],
  wanted: readonly Route[],
): Promise<readonly TargetChange[]> {
  const service = moments[0]?.route.service;
  const now = wanted.find((route) => route.service === service) ?? null;
  const moves = moments.map(({ route }, index) => isShifted(moments[index - 1]?.route ?? now, route));
  const unknown = (problem: string) =>
    moments.map(({ times }, index): TargetChange => {
      const change = moves[index] === true ? "tables" : "nothing";
      return { target, change, times: change === "nothing" ? 0 : times, diff: null, problem };
    });
  if (preview === undefined) return unknown("nginx's files cannot be shown here");
  try {
    const shown = await preview.preview(
      target,
      wanted,
      moments.map(({ route }) => route),
    );
    return moments.map(({ times }, index): TargetChange => {
      const { reload, diff } = shown[index] ?? { reload: false, diff: "" };
      const change = reload ? "reload" : moves[index] === true ? "tables" : "nothing";
      return { target, change, times: change === "nothing" ? 0 : times, diff: reload ? diff : "", problem: null };
    });
  } catch (error) {
    return unknown(error instanceof Error ? error.message : String(error));
  }
}

/** Whether tables change: they hold the shares of a `live` service, and its preview. */
function isShifted(before: Route | null, after: Route): boolean {
  if (after.shape.routing !== "live" || before === null) return false;
  const told = ({ shares, preview }: Route) => JSON.stringify([Object.entries(shares).sort(), preview]);
  return told(before) !== told(after);
}
