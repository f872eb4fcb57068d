import type { Log, ProbeEndpoint, Resolve } from "../core/ports.ts";
import type { Endpoint, Member, Ms } from "../core/units.ts";
import type { Cell } from "./cell.ts";
import type { Clock } from "./clock.ts";
import { find } from "./look-up.ts";
import { membersOf } from "./service-state.ts";

export type ProbingDeps = {
  readonly clock: Clock;
  readonly log: Log;
  readonly probe: ProbeEndpoint;
  readonly resolve: Resolve;
  /** How often names are looked up again. */
  readonly resolveEveryMs: Ms;
};

/**
 * The standing duties for one service, rollout or not: finds the addresses of its members and asks each how it is.
 */
export class Probing {
  readonly #deps: ProbingDeps;
  readonly #cell: Cell;
  readonly #loops = new Map<string, () => void>();
  #stopped = false;

  constructor(deps: ProbingDeps, cell: Cell) {
    this.#deps = deps;
    this.#cell = cell;
  }

  /** Starts what is missing for the members and addresses of now, stops what is gone. */
  reconcile(): void {
    if (this.#stopped) return;
    const wanted = new Map<string, () => () => void>();
    for (const [endpoint, member] of this.#endpoints()) wanted.set(`probe ${endpoint}`, () => this.#probeLoop(endpoint, member));
    for (const member of this.#members()) wanted.set(`find ${member}`, () => this.#findLoop(member));
    for (const [key, stop] of this.#loops) {
      if (wanted.has(key)) continue;
      this.#loops.delete(key);
      stop();
    }
    for (const [key, start] of wanted) if (!this.#loops.has(key)) this.#loops.set(key, start());
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    for (const stop of this.#loops.values()) stop();
    this.#loops.clear();
  }

  #members(): readonly Member[] {
    const { record, settings } = this.#cell;
    return [...new Set(Object.keys(settings.pools).flatMap((pool) => membersOf(record.state, settings, pool)))];
  }

  #endpoints(): readonly (readonly [Endpoint, Member])[] {
    const { addresses } = this.#cell.record.sight;
    return this.#members().flatMap((member) =>
      (addresses[member]?.endpoints ?? []).map((endpoint) => [endpoint, member] as const),
    );
  }

  #probeLoop(endpoint: Endpoint, member: Member): () => void {
    return this.#loop(
      () => this.#cell.settings.health.intervalMs,
      async () => {
        const check = this.#cell.settings.health;
        const at = this.#deps.clock.now().t;
        const probe = await this.#deps.probe(check, endpoint, member);
        if (!this.#stopped) await this.#cell.see(endpoint, probe, check, at);
      },
    );
  }

  #findLoop(member: Member): () => void {
    return this.#loop(
      () => this.#deps.resolveEveryMs,
      async () => {
        const found = await find(member, this.#deps.resolve);
        if (!this.#stopped) await this.#cell.locate(member, found);
        this.reconcile();
      },
    );
  }

  /** Does something now and then again and again; a store that refuses is told about, and tried again the next time. */
  #loop(everyMs: () => Ms, run: () => Promise<void>): () => void {
    let stopped = false;
    let cancel = () => {};
    const round = () => {
      run()
        .catch((error: unknown) =>
          this.#deps.log.error("what a probe saw could not be stored", {
            service: this.#cell.settings.name,
            error: String(error),
          }),
        )
        .finally(() => {
          if (!stopped) cancel = this.#deps.clock.after(everyMs(), round);
        });
    };
    cancel = this.#deps.clock.after(0, round);
    return () => {
      stopped = true;
      cancel();
    };
  }
}
