import { type Beginning, begin } from "../core/begin.ts";
import type { Actor, Started, StartInput } from "../core/control.ts";
import { Refusal } from "../core/errors.ts";
import { frozenAt } from "../core/freeze.ts";
import { readinessOf } from "../core/health.ts";
import type { Move } from "../core/move.ts";
import type { Rollout, Strategy } from "../core/rollout.ts";
import type { ServiceSettings } from "../core/service.ts";
import type { Ms, Now, PoolName } from "../core/units.ts";
import type { Cell, Edit } from "./cell.ts";
import type { Clock } from "./clock.ts";
import type { ServiceRecord } from "./record.ts";
import { isOver, underWay } from "./record.ts";
import { replaced } from "./replaced.ts";
import { listedOf, sightOf } from "./service-state.ts";
import { etagOf } from "./show.ts";

/** How long a start with `replace` waits for the rollout before it to be back. */
const REPLACE_MS: Ms = 30_000;

export type StartDeps = {
  readonly clock: Clock;
  prepareAbort(rollout: string): void;
  /** Tells a rollout what stands now; never rejects. */
  poke(cell: Cell): Promise<void>;
  /** Resolves at the next change of a cell. */
  nextChange(cell: Cell): Promise<void>;
};

/** Starts a rollout, or says that the pool is stable already. */
export async function startRollout(
  deps: StartDeps,
  cell: Cell,
  input: StartInput,
  actor: Actor,
  ifMatch: string | null,
): Promise<Started["is"]> {
  checkMatch(cell.record, ifMatch);
  const to = destination(cell.settings, cell.record.state.stable, input.to, input.strategy);
  const moves = input.strategy !== "rolling";
  if (input.replace && cell.rollout !== null) {
    // Nothing is sent back where nothing can come after it.
    const now = deps.clock.now();
    const next = replaced(cell.record, cell.settings, now);
    const stays = moves && to === cell.record.state.stable;
    if (next !== null && !stays) beginning(next.record, cell.settings, to, input, actor, now);
    await sendBack(deps, cell, actor);
  }
  if (moves && cell.rollout === null && to === cell.record.state.stable) return "already-stable";
  deps.prepareAbort(`${cell.settings.name}-${cell.record.state.count + 1}`);
  const { edit } = await cell.edit((record, now) => {
    checkMatch(record, input.replace ? null : ifMatch);
    return {
      edit:
        moves && to === record.state.stable && underWay(record) === null
          ? null
          : beginning(record, cell.settings, to, input, actor, now),
    };
  });
  if (edit === null) return "already-stable";
  await deps.poke(cell);
  return "started";
}

/** Refuses where the caller has seen an older state than there is. */
export function checkMatch(record: ServiceRecord, ifMatch: string | null): void {
  const etag = etagOf(record);
  if (ifMatch !== null && ifMatch !== etag)
    throw new Refusal(
      "stale",
      `the state of ${record.route.service} is ${etag}, not ${ifMatch}`,
      "look again, then repeat with the new ETag",
    );
}

function beginning(
  record: ServiceRecord,
  settings: ServiceSettings,
  to: PoolName,
  input: StartInput,
  actor: Actor,
  now: Now,
): Edit {
  const refusal = refusalOf(record, settings, to, now);
  if (refusal !== null) throw refusal;
  const count = record.state.count + 1;
  const move = firstMove(record, settings, to, input, actor, now);
  return { state: { ...record.state, count, rollout: move.rollout.id }, rollout: move.rollout, facts: move.facts };
}

/** Why a start towards a pool would be refused now; null where it would not be. */
export function refusalOf(record: ServiceRecord, settings: ServiceSettings, to: PoolName, now: Now): Refusal | null {
  const running = underWay(record);
  if (running !== null) return alreadyRunning(running);
  const frozen = frozenAt(settings.freezes, now.wall);
  if (frozen !== null) {
    const until = new Date(frozen.until).toISOString();
    return new Refusal("frozen", `${settings.name} is frozen by ${frozen.name} until ${until}`, "start after that");
  }
  if (readinessByPool(record, settings)[to]?.of !== 0) return null;
  return new Refusal(
    "not-ready",
    `${to} of ${settings.name} has no members`,
    `sluice members ${settings.name} ${to} set HOST:PORT`,
  );
}

/** What a start makes, whether or not it would be taken now. Throws a `Refusal` of a strategy that is not configured. */
export function firstMove(
  record: ServiceRecord,
  settings: ServiceSettings,
  to: PoolName,
  input: StartInput,
  actor: Actor,
  now: Now,
  back?: NonNullable<Beginning["back"]>,
): Move {
  const id = `${settings.name}-${record.state.count + 1}`;
  const { strategy, version, reason, steps } = input;
  const readiness = readinessByPool(record, settings);
  const { stable, other, drained } = record.state;
  // In place the pool is updated that it is: nothing moves from one to another.
  const from = strategy === "rolling" ? to : stable;
  const inPlace = { stable, other, members: listedOf(record.state, settings, to), drained: drained[to] ?? [] };
  const beginning = { id, settings, strategy, from, to, version, reason, steps, readiness, inPlace, actor: actor.name };
  return begin(back === undefined ? beginning : { ...beginning, back }, now);
}

/** How many members of each pool are ready, as far as anybody has seen. */
export function readinessByPool(record: ServiceRecord, settings: ServiceSettings): Rollout["readiness"] {
  const pools = Object.entries(sightOf(record.state, settings, record.sight, null));
  return Object.fromEntries(pools.map(([pool, sight]) => [pool, readinessOf(sight)]));
}

/** The pool that a start moves to. Throws a `Refusal` of a name that is none, or where none is given and there are several. */
export function destination(settings: ServiceSettings, stable: PoolName, to: PoolName | null, strategy: Strategy): PoolName {
  const pools = Object.keys(settings.pools);
  if (strategy === "rolling") return updated(settings, stable, to);
  const others = pools.filter((pool) => pool !== stable);
  if (to === null) {
    const [only] = others;
    if (only !== undefined && others.length === 1) return only;
    throw new Refusal("invalid", `${settings.name} has several pools to go to: ${others.join(", ")}`, "name one of them");
  }
  if (pools.includes(to)) return to;
  throw new Refusal("unknown-pool", `${settings.name} has no pool ${to}`, `its pools are ${pools.join(", ")}`);
}

/** The pool that a rolling update is of: the one with traffic, unless the configuration or the caller names another. */
function updated(settings: ServiceSettings, stable: PoolName, to: PoolName | null): PoolName {
  const pool = to ?? settings.rolling?.pool ?? stable;
  const only = settings.rolling?.pool ?? null;
  if (only !== null && pool !== only)
    throw new Refusal("invalid", `\`rolling\` of ${settings.name} is of ${only}, not ${pool}`, "see `rolling.pool`");
  if (pool in settings.pools) return pool;
  throw new Refusal(
    "unknown-pool",
    `${settings.name} has no pool ${pool}`,
    `its pools are ${Object.keys(settings.pools).join(", ")}`,
  );
}

/** Why nothing can be started while a rollout is under way. */
export function alreadyRunning(running: Rollout, verb = "start"): Refusal {
  const since = new Date(running.startedAt).toISOString();
  const course = running.rolling === null ? `from ${running.from} to ${running.to}` : `of ${running.to}`;
  return new Refusal(
    "rollout-running",
    `${running.id} (${running.strategy} ${course}) is under way, started by ${running.startedBy} at ${since}`,
    `wait for it (sluice watch ${running.service}), end it (sluice abort ${running.service}), or send it back first: ${verb} with \`--replace\``,
  );
}

/** Sends the rollout under way back, and waits until its traffic is on stable. */
export async function sendBack(deps: StartDeps, cell: Cell, actor: Actor): Promise<void> {
  let late = false;
  let wake = () => {};
  const cancel = deps.clock.after(REPLACE_MS, () => {
    late = true;
    wake();
  });
  try {
    await cell.accept({ signal: "command", command: { verb: "abort" }, actor: actor.name, reason: "replaced" });
    await deps.poke(cell);
    const timeout = new Promise<void>((resolve) => {
      wake = resolve;
    });
    while (cell.record.rollout !== null && !isOver(cell.record.rollout)) {
      if (late) throw alreadyRunning(cell.record.rollout);
      await Promise.race([deps.nextChange(cell), timeout]);
    }
  } finally {
    cancel();
  }
}
