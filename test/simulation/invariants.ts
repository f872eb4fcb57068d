import type { Rollout } from "../../src/core/rollout.ts";
import type { Route } from "../../src/core/route.ts";
import { type Member, type Ms, type ServiceName, WHOLE } from "../../src/core/units.ts";
import type { EventView } from "../../src/core/view.ts";
import { canonical } from "../../src/core/want.ts";
import type { Nginx } from "./edge.ts";
import { isOver } from "./story.ts";
import { demand } from "./witness.ts";
import type { World } from "./world.ts";

/** Two failed probes, a time limit, an apply that waits for another, and a second for trying again. */
const DETECTION_MS: Ms = 2 * 2_000 + 1_000 + 2 * 1_300;
/** An apply that has just begun, a second for trying again, and the apply. */
const ABORT_MS: Ms = 2 * 300 + 1_000 + 300;
/** A whole window in the step, two reads, and the way to the store. */
const JUDGED_MS: Ms = 6_000 + 2 * 2_000 + 2_000;

/** A write, and a second for trying again. */
const PROMPT_MS: Ms = 1_200;

type State = {
  readonly drained?: Readonly<Record<string, readonly Member[]>>;
  readonly members?: Readonly<Record<string, readonly Member[]>>;
};

/** What must hold at every moment of every run, beside what the witness looks at. */
export function checkAlways(world: World): void {
  const { broken } = world.witness;
  demand(broken === null, broken ?? "");
  for (const nginx of Object.values(world.nginxes)) checkGone(world, nginx);
  for (const service of Object.keys(world.configured)) {
    const slot = world.disk.value<{ rollout: string }>(`active/${service}`);
    const rollout = slot === null ? null : world.disk.value<Rollout>(`rollouts/${slot.rollout}`);
    if (rollout === null) continue;
    checkAborted(world, rollout);
    checkExposure(world, rollout);
    checkJudged(world, rollout);
    checkPrompt(world, rollout);
  }
}

/** What is no longer configured is no longer served, once the change is taken over and nginx may reload. */
function checkGone(world: World, nginx: Nginx): void {
  for (const service of nginx.serves.keys()) {
    if (service in world.configured || world.reloading) continue;
    const ms = world.timeline.t - Math.max(world.touchedAt.get(service) ?? 0, world.process.since);
    demand(ms <= nginx.paceMs + ABORT_MS, `${service} is served ${ms} ms after it was removed`);
  }
}

/** The shares of each target that serves the rollout's service, and since when nothing kept the target from being told. */
function* served(world: World, { service, to }: Rollout): Iterable<{ name: string; share: number; calmSince: Ms }> {
  for (const name of world.configured[service]?.targets ?? []) {
    const share = world.nginxes[name]?.serves.get(service)?.shares[to] ?? 0;
    yield { name, share, calmSince: Math.max(world.balkedAt.get(name) ?? 0, world.process.since) };
  }
}

/** An abort takes the traffic back at once, whatever the store, the metrics and the pace of reloads say. */
function checkAborted(world: World, rollout: Rollout): void {
  const at = world.aborted.get(rollout.id);
  if (at === undefined || world.witness.story(rollout.id).some((event) => event.kind === "retried")) return;
  for (const { name, share, calmSince } of served(world, rollout)) {
    const ms = world.timeline.t - Math.max(at, calmSince);
    demand(share === 0 || ms <= ABORT_MS, `${share} bp on ${name} ${ms} ms after the abort of ${rollout.id}`);
  }
}

/** No traffic on a dead candidate beyond the detection time, while a live stable pool is there and nothing is in the way. */
function checkExposure(world: World, rollout: Rollout): void {
  const { service } = rollout;
  const down = (pool: string) => membersIn(world, service, pool).map((member) => world.downSince.get(member));
  const dead = down(rollout.to);
  if (dead.some((since) => since === undefined)) return;
  if (down(rollout.from).some((since) => since !== undefined)) return;
  const known = Math.max(world.refusedAt, world.touchedAt.get(service) ?? 0, ...dead.map((at) => at ?? 0));
  for (const { name, share, calmSince } of served(world, rollout)) {
    const ms = world.timeline.t - Math.max(known, calmSince);
    demand(share === 0 || ms <= DETECTION_MS, `${share} bp on ${name} on a candidate of ${service} that is dead for ${ms} ms`);
  }
}

/** Members of a pool, without those that somebody took out unless `all` are asked for. */
function membersIn(world: World, service: ServiceName, pool: string, all = false): readonly Member[] {
  const state = world.disk.value<State>(`services/${service}`);
  const members = state?.members?.[pool] ?? world.configured[service]?.pools[pool]?.members ?? [];
  return all ? members : members.filter((member) => !(state?.drained?.[pool] ?? []).includes(member));
}

/** A candidate that fails too often is sent back once a window has seen it, in whatever phase the rollout is. */
function checkJudged(world: World, rollout: Rollout): void {
  const { phase } = rollout;
  if ((phase.phase !== "moving" && phase.phase !== "paused") || !rollout.checks.some((check) => check.name === "errors")) return;
  const erring = world.erring.get(rollout.service)?.at(-1);
  if (erring === undefined || erring.ratio < 0.1) return;
  const since = world.witness.story(rollout.id).findLast((event) => event.kind === "observing" || event.kind === "retried");
  if (since?.kind !== "observing") return;
  const { refusedAt, blindAt, process } = world;
  const ms = world.timeline.t - Math.max(refusedAt, blindAt, process.since, erring.since, Date.parse(since.at));
  demand(ms <= JUDGED_MS, `${rollout.id} is ${phase.phase} although a tenth of all requests fail for ${ms} ms`);
}

/** A dwell is not longer than it is: once it is over, the step ends or says what holds it. */
function checkPrompt(world: World, rollout: Rollout): void {
  const { phase } = rollout;
  if (phase.phase !== "moving" || phase.cursor.stage.at !== "observing" || rollout.appliedSeq < rollout.seq) return;
  const step = rollout.plan[phase.cursor.step];
  if (step === undefined || step.ramp !== null) return;
  const { asOf, servedMs } = phase.cursor.stage;
  const due = Math.max(asOf + step.leastMs - servedMs, world.refusedAt, world.process.since);
  const ms = world.timeline.t - due;
  demand(ms <= PROMPT_MS, `${rollout.id} is in step ${phase.cursor.step}, which was over ${ms} ms ago`);
}

/** What must hold once everything that went wrong is mended and people have done their part. */
export function checkEnd(world: World): void {
  checkAlways(world);
  const active = world.witness.rollouts.filter((rollout) => !isOver(rollout));
  demand(active.length === 0, `${active[0]?.id} never ends: ${canonical(active[0]?.phase)}`);
  demand(world.disk.aborts.size === 0, `files of aborts are left: ${[...world.disk.aborts].join(", ")}`);
  for (const service of Object.keys(world.configured)) checkService(world, service);
  for (const rollout of world.witness.rollouts) checkRollout(world, rollout);
}

function checkService(world: World, service: ServiceName): void {
  const stored = world.disk.value<Route>(`routes/${service}`);
  const stable = world.stableOf(service);
  for (const [name, nginx] of Object.entries(world.nginxes)) {
    const route = nginx.serves.get(service);
    if (!world.configured[service]?.targets.includes(name)) {
      demand(route === undefined, `${name} serves ${service}, which is not its own`);
      continue;
    }
    demand(route?.shares[stable] === WHOLE, `stable of ${service} is ${stable}, ${name} serves ${canonical(route?.shares)}`);
    demand(
      stored === null || canonical({ ...stored, epoch: "" }) === canonical({ ...route, epoch: "" }),
      `${name} serves ${canonical(route)}, stored is ${canonical(stored)}`,
    );
  }
  for (const pool of Object.keys(world.configured[service]?.pools ?? {})) {
    const members = membersIn(world, service, pool, true).toSorted();
    const routed = Object.keys(stored?.endpoints[pool] ?? {}).toSorted();
    demand(
      stored === null || canonical(members) === canonical(routed),
      `${pool} of ${service} has ${members}, and ${routed} is routed`,
    );
  }
}

function checkRollout(world: World, rollout: Rollout): void {
  const events = world.witness.story(rollout.id);
  const aborted = world.aborted.has(rollout.id) && !events.some((event) => event.kind === "retried");
  demand(!aborted || rollout.phase.phase === "reverted", `${rollout.id} was aborted, and is ${rollout.phase.phase}`);
  const ends = events.filter((event) => event.kind === "promoted" || event.kind === "reverted");
  demand(
    ends.length === 1 && ends[0]?.kind === rollout.phase.phase,
    `${rollout.id} is ${rollout.phase.phase}, the journal says ${ends.map((end) => end.kind).join(", ") || "nothing"}`,
  );
  if (rollout.plan[0]?.hold.then !== "advance") checkEvidence(world, rollout, events);
}

/** No step that needs its checks is left where the candidate failed too often in all of the step. */
function checkEvidence(world: World, rollout: Rollout, events: readonly EventView[]): void {
  if (events.some((event) => ["advanced", "promoting", "approved"].includes(event.kind))) return;
  const erring = world.erring.get(rollout.service) ?? [];
  for (const [index, event] of events.entries()) {
    const needs = event.step === null ? [] : (rollout.plan[event.step]?.needs ?? []);
    if (event.kind !== "observing" || needs.length === 0) continue;
    const next = events.slice(index + 1).find((later) => later.kind === "applying" && later.step === (event.step ?? 0) + 1);
    if (next === undefined) continue;
    const [from, to] = [Date.parse(event.at), Date.parse(next.at)];
    const during = erring.filter(({ since }, at) => since < to && (erring[at + 1]?.since ?? Number.POSITIVE_INFINITY) > from);
    const whole = during.length > 0 && (during[0]?.since ?? from) <= from && during.every(({ ratio }) => ratio >= 0.1);
    demand(!whole, `${rollout.id} left step ${event.step} although a tenth of all requests failed in it`);
  }
}
