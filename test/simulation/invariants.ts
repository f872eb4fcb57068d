import type { Rollout } from "../../src/core/rollout.ts";
import type { Route } from "../../src/core/route.ts";
import { type Ms, WHOLE } from "../../src/core/units.ts";
import type { EventView } from "../../src/core/view.ts";
import { canonical } from "../../src/core/want.ts";
import type { World } from "./world.ts";

/** Two failed probes, a time limit, an apply that waits for another, and a second for trying again. */
const DETECTION_MS: Ms = 2 * 2_000 + 1_000 + 2 * 1_300;

const over = (rollout: Rollout) => rollout.phase.phase === "promoted" || rollout.phase.phase === "reverted";

function demand(holds: boolean, text: string): void {
  if (!holds) throw new Error(text);
}

/** What must hold at every moment of every run. */
export function checkAlways(world: World): void {
  const stored = world.disk.value<Route>("routes/web");
  const served = world.nginx.serves.get("web");
  for (const route of [stored, served]) {
    if (route == null) continue;
    const sum = Object.values(route.shares).reduce((a, b) => a + b, 0);
    demand(sum === WHOLE, `shares sum to ${sum}: ${canonical(route.shares)}`);
  }
  const active = world.rollouts.filter((rollout) => !over(rollout));
  demand(active.length <= 1, `${active.length} rollouts are under way at once`);
  demand(
    (world.disk.value("active/web") === null) === (active.length === 0),
    "the slot of the service disagrees with its rollouts",
  );
  const [rollout] = active;
  if (rollout !== undefined && stored !== null) {
    demand(
      stored.by?.rollout === rollout.id && stored.by.seq === rollout.seq,
      `the stored route is of ${canonical(stored.by)}, the rollout of ${rollout.id}.${rollout.seq}`,
    );
    demand(canonical(stored.shares) === canonical(rollout.want.shares), "the stored route is not what the rollout wants");
  }
  if (rollout !== undefined) checkExposure(world, rollout);
}

/** No traffic on a dead candidate beyond the detection time, while a live stable pool is there and nothing is in the way. */
function checkExposure(world: World, rollout: Rollout): void {
  const down = (pool: string) => (world.settings.pools[pool]?.members ?? []).map((member) => world.downSince.get(member));
  const dead = down(rollout.to);
  if (dead.some((since) => since === undefined)) return;
  if (down(rollout.from).some((since) => since !== undefined)) return;
  const since = Math.max(world.troubleAt, world.process.since, ...dead.map((at) => at ?? 0), world.stableSince);
  const share = world.nginx.serves.get("web")?.shares[rollout.to] ?? 0;
  demand(
    share === 0 || world.timeline.t - since <= DETECTION_MS,
    `${share} bp on a candidate that is dead for ${world.timeline.t - since} ms`,
  );
}

/** What must hold once everything that went wrong is mended and people have done their part. */
export function checkEnd(world: World): void {
  const active = world.rollouts.filter((rollout) => !over(rollout));
  demand(active.length === 0, `${active[0]?.id} never ends: ${canonical(active[0]?.phase)}`);
  const stored = world.disk.value<Route>("routes/web");
  const served = world.nginx.serves.get("web");
  demand(
    canonical(stored?.shares) === canonical(served?.shares),
    `nginx serves ${canonical(served?.shares)}, stored is ${canonical(stored?.shares)}`,
  );
  const stable = world.disk.value<{ stable: string }>("services/web")?.stable ?? "blue";
  demand(served?.shares[stable] === WHOLE, `stable is ${stable}, nginx serves ${canonical(served?.shares)}`);
  for (const rollout of world.rollouts) checkRollout(world, rollout);
}

function checkRollout(world: World, rollout: Rollout): void {
  const events = world.disk.below<EventView>("journal/").filter((event) => event.rollout === rollout.id);
  const aborted = world.aborted.has(rollout.id) && !events.some((event) => event.kind === "retried");
  demand(!aborted || rollout.phase.phase === "reverted", `${rollout.id} was aborted, and is ${rollout.phase.phase}`);
  const ends = events.filter((event) => event.kind === "promoted" || event.kind === "reverted");
  demand(
    ends.length === 1 && ends[0]?.kind === rollout.phase.phase,
    `${rollout.id} is ${rollout.phase.phase}, the journal says ${ends.map((end) => end.kind).join(", ") || "nothing"}`,
  );
  if (events.some((event) => ["advanced", "promoting", "paused", "approved"].includes(event.kind))) return;
  checkDwells(rollout, events);
  if (rollout.plan[0]?.hold.then !== "advance") checkEvidence(world, rollout, events);
}

/** A step that nobody hurried was served for its whole time, however often the controller died in it. */
function checkDwells(rollout: Rollout, events: readonly EventView[]): void {
  for (const [index, event] of events.entries()) {
    if (event.kind !== "observing" || event.step === null) continue;
    const next = events.slice(index + 1).find((later) => later.kind === "applying" && later.step === (event.step ?? 0) + 1);
    const leastMs = rollout.plan[event.step]?.leastMs ?? 0;
    if (next === undefined) continue;
    const servedMs = Date.parse(next.at) - Date.parse(event.at);
    demand(servedMs >= leastMs, `${rollout.id} left step ${event.step} after ${servedMs} of ${leastMs} ms`);
  }
}

/** No step that needs its checks is left where the candidate failed too often in all of the step. */
function checkEvidence(world: World, rollout: Rollout, events: readonly EventView[]): void {
  for (const [index, event] of events.entries()) {
    const needs = event.step === null ? [] : (rollout.plan[event.step]?.needs ?? []);
    if (event.kind !== "observing" || needs.length === 0) continue;
    const next = events.slice(index + 1).find((later) => later.kind === "applying" && later.step === (event.step ?? 0) + 1);
    if (next === undefined) continue;
    const [from, to] = [Date.parse(event.at), Date.parse(next.at)];
    const during = world.erring.filter(
      ({ since }, at) => since < to && (world.erring[at + 1]?.since ?? Number.POSITIVE_INFINITY) > from,
    );
    const whole = during.length > 0 && (during[0]?.since ?? from) <= from && during.every(({ ratio }) => ratio >= 0.1);
    demand(!whole, `${rollout.id} left step ${event.step} although a tenth of all requests failed in it`);
  }
}

/** The journal's numbers have no gap and no double. */
export function checkJournal(world: World): void {
  const seqs = world.disk
    .below<EventView>("journal/")
    .map((event) => event.seq)
    .sort((a, b) => a - b);
  demand(
    seqs.every((seq, index) => seq === index + 1),
    "the journal has a gap",
  );
}
