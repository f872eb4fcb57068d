import type { EventView, RolloutView } from "../core/view.ts";
import { SluiceError } from "./error.ts";
import { pause } from "./follow.ts";
import { ask, type Connection } from "./http.ts";
import type { EventPage } from "./requests.ts";

export type Until = {
  /** Ends the wait with its reason; the rollout goes on. */
  readonly signal?: AbortSignal | undefined;
  /** Each line of the rollout's journal, once and in order, as it comes. */
  readonly onEvent?: ((event: EventView) => void) | undefined;
  /** How often the rollout is looked at. */
  readonly everyMs?: number | undefined;
  /** How long the controller may be away, as for a restart, before the wait fails. */
  readonly awayMs?: number | undefined;
};

const EVERY_MS = 1_000;
const AWAY_MS = 60_000;
const EVENTS = 200;

/** Waits until a rollout is promoted or reverted, or has failed and needs a person. It is looked at again and again: nothing can be missed. */
export async function ended(connection: Connection, id: string, options: Until): Promise<RolloutView> {
  const { signal, onEvent, everyMs = EVERY_MS, awayMs = AWAY_MS } = options;
  const path = `/v1/rollouts/${encodeURIComponent(id)}`;
  let seen = 0;
  let awaySince: number | null = null;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const rollout = await ask<RolloutView>(connection, path, { signal });
      if (onEvent !== undefined) seen = await tell(connection, path, { seen, signal, onEvent });
      if (rollout.endedAt !== null || rollout.phase === "failed") return rollout;
      awaySince = null;
    } catch (error) {
      if (!(error instanceof SluiceError && error.passing)) throw error;
      awaySince ??= performance.now();
      if (performance.now() - awaySince > awayMs) throw error;
    }
    await pause(everyMs, signal);
  }
}

type Telling = { seen: number; readonly signal: AbortSignal | undefined; readonly onEvent: (event: EventView) => void };

/** Tells what happened since, and answers the number of the last of it. */
async function tell(connection: Connection, path: string, telling: Telling): Promise<number> {
  for (let { seen } = telling; ; ) {
    const page = await ask<EventPage>(connection, `${path}/events?after=${seen}&limit=${EVENTS}`, { signal: telling.signal });
    for (const event of page.events) telling.onEvent(event);
    seen = page.events.at(-1)?.seq ?? seen;
    if (page.next === null) return seen;
  }
}
