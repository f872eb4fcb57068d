import type { Actor, UndoInput } from "../core/control.ts";
import { StoreError } from "../core/errors.ts";
import type { ProbeEndpoint, Store } from "../core/ports.ts";
import type { Revision } from "../core/revision.ts";
import type { ServiceSettings } from "../core/service.ts";
import { wayBackTo } from "../core/undo.ts";
import type { Now } from "../core/units.ts";
import { lessSilent, type Silent, silentPools } from "./answering.ts";
import type { Cell, Edit } from "./cell.ts";
import { revisionsOf } from "./history.ts";
import { type ServiceRecord, underWay } from "./record.ts";
import { replaced } from "./replaced.ts";
import { listedOf } from "./service-state.ts";
import { alreadyRunning, checkMatch, firstMove, readinessByPool, type StartDeps, sendBack } from "./starting.ts";

/** More than anybody keeps; what is older cannot be undone to. */
const MOST = 10_000;
/** A rollout that ends between reading the history and starting. */
const MOST_TRIES = 5;

/** Starts a rollout that goes back to an earlier revision. No freeze holds it. Throws a `Refusal` where there is no way back. */
export async function startUndo(
  deps: StartDeps,
  store: Pick<Store, "list">,
  probe: ProbeEndpoint,
  cell: Cell,
  input: UndoInput,
  actor: Actor,
  ifMatch: string | null,
): Promise<void> {
  checkMatch(cell.record, ifMatch);
  const history = () => revisionsOf(store, cell.settings.name, { limit: MOST, before: null });
  if (input.replace && cell.rollout !== null) {
    const [revisions, silent] = await Promise.all([history(), silentPools(probe, cell)]);
    // Nothing is sent back where nothing can come after it.
    const now = deps.clock.now();
    const next = replaced(cell.record, cell.settings, now);
    if (next !== null) beginning(next.record, cell.settings, [next.revision, ...revisions], silent, input, actor, now);
    await sendBack(deps, cell, actor);
  }
  // Traffic goes there at once: that its members were well a moment ago is not enough.
  const silent = await silentPools(probe, cell);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const revisions = await history();
    deps.prepareAbort(`${cell.settings.name}-${cell.record.state.count + 1}`);
    const { edit } = await cell.edit((record, now) => {
      checkMatch(record, input.replace ? null : ifMatch);
      const isRead = record.state.revision === (revisions[0]?.number ?? 0);
      return { edit: isRead ? beginning(record, cell.settings, revisions, silent, input, actor, now) : null };
    });
    if (edit !== null) return deps.poke(cell);
  }
  throw new StoreError("unavailable", `the history of ${cell.settings.name} cannot be read: it lacks its newest revision`);
}

function beginning(
  record: ServiceRecord,
  settings: ServiceSettings,
  newestFirst: readonly Revision[],
  silent: Silent,
  input: UndoInput,
  actor: Actor,
  now: Now,
): Edit {
  const running = underWay(record);
  if (running !== null) throw alreadyRunning(running, "undo");
  const { undo, strategy, to, version, instant } = wayBackTo(input.revision, newestFirst, {
    settings,
    stable: record.state.stable,
    readiness: lessSilent(readinessByPool(record, settings), silent),
    members: (pool) => listedOf(record.state, settings, pool),
  });
  const reason = input.reason ?? `undo to revision ${undo.revision}`;
  const start = { strategy, to, version, steps: null, replace: false, reason };
  const move = firstMove(record, settings, to, start, actor, now, { undo, instant });
  return {
    state: { ...record.state, count: record.state.count + 1, rollout: move.rollout.id },
    rollout: move.rollout,
    facts: move.facts,
  };
}
