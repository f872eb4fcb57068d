import { readClock, resumeClock, systemClock } from "../controller/clock.ts";
import { Journal, type Recorder } from "../controller/journal.ts";
import type { Actor } from "../core/control.ts";
import type { Log, Store } from "../core/ports.ts";
import type { Fact } from "../core/rollout.ts";
import type { ReloadView } from "../core/view.ts";
import { openSqlite } from "../store/sqlite.ts";
import { thisMachine } from "./machine.ts";

/** A state that no controller drives, under its lock. Rejects with a `StoreError` of code `locked` where one does. */
export async function openIdle(state: string): Promise<AsyncDisposable & { readonly store: Store; readonly record: Recorder }> {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await openSqlite(state));
  stack.use(await store.lease("sluice"));
  const record = await openRecorder(store);
  const moved = stack.move();
  return { store, record, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

/** Writes to a store that no controller drives, with lines in its journal. */
export async function openRecorder(store: Store): Promise<Recorder> {
  const machine = await thisMachine();
  const state = resumeClock(await readClock(store), machine);
  const clock = systemClock(state, machine);
  const journal = await Journal.open(store, () => state);
  return (compares, writes, fact) => journal.record(compares, writes, fact, clock.now());
}

/** Reloads, and writes down who did where that changed something; `actor` is null for a signal. */
export async function recordReload(
  reload: () => Promise<ReloadView>,
  record: Recorder,
  actor: Actor | null,
  log: Log,
): Promise<ReloadView> {
  const view = await reload();
  const { added, changed, removed } = view;
  const parts = Object.entries({ added, changed, removed }).filter(([, names]) => names.length > 0);
  if (parts.length === 0) return view;
  const text = `sluice.yaml was taken over: ${parts.map(([what, names]) => `${what} ${names.join(", ")}`).join("; ")}`;
  const fact: Fact = {
    kind: "configuration",
    step: null,
    actor: actor?.name ?? null,
    text,
    data: { added, changed, removed },
  };
  // It is in force already, so that it could not be written down is no failure of the reload.
  await record([], [], fact).catch((error: unknown) =>
    log.warn("that the configuration was taken over is not in the journal", { error: String(error) }),
  );
  return view;
}
