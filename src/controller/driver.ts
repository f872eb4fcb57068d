import { effects } from "../core/effects.ts";
import type { Log } from "../core/ports.ts";
import type { Effect } from "../core/rollout.ts";
import { type Ms, never } from "../core/units.ts";
import type { Cell } from "./cell.ts";
import type { Clock } from "./clock.ts";

/** Starts judging for a rollout's evidence; the answer stops it. */
export type StartJudging = (cell: Cell, effect: Effect & { effect: "judge" }) => () => void;

/** Starts work that a rollout waits for; the answer ends it. */
export type StartTasks = {
  hook(cell: Cell, effect: Effect & { effect: "hook" }): () => void;
  drain(cell: Cell, effect: Effect & { effect: "drain" }): () => void;
};

const AGAIN_MS: Ms = 1_000;

/**
 * Keeps under way what a rollout wants under way: starts what is missing, stops what is no longer wanted.
 *
 * It knows nothing of phases; effects are a function of state, so a restart needs nothing else.
 */
export class Driver {
  readonly #running = new Map<string, Map<string, () => void>>();
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #startJudging: StartJudging;
  readonly #tasks: StartTasks;

  constructor(clock: Clock, log: Log, startJudging: StartJudging, tasks: StartTasks) {
    this.#tasks = tasks;
    this.#clock = clock;
    this.#log = log;
    this.#startJudging = startJudging;
  }

  /** Compares what a service's rollout wants with what runs for it. */
  reconcile(cell: Cell): void {
    const name = cell.settings.name;
    const running = this.#running.get(name) ?? new Map<string, () => void>();
    this.#running.set(name, running);
    const wanted = new Map((cell.rollout === null ? [] : effects(cell.rollout)).map((effect) => [effect.key, effect]));
    for (const [key, stop] of running) {
      if (wanted.has(key)) continue;
      running.delete(key);
      stop();
    }
    for (const [key, effect] of wanted) if (!running.has(key)) running.set(key, this.#start(cell, effect));
  }

  [Symbol.dispose](): void {
    for (const running of this.#running.values()) for (const stop of running.values()) stop();
    this.#running.clear();
  }

  #start(cell: Cell, effect: Effect): () => void {
    switch (effect.effect) {
      case "judge":
        return this.#startJudging(cell, effect);
      case "wake":
        return this.#wake(cell, effect.at);
      case "hook":
        return this.#tasks.hook(cell, effect);
      case "drain":
        return this.#tasks.drain(cell, effect);
      default:
        return never(effect);
    }
  }

  /** Wakes the rollout at a time, and again a second later where the store did not take it. */
  #wake(cell: Cell, at: Ms): () => void {
    let stopped = false;
    let cancel = () => {};
    const arm = (ms: Ms) => {
      cancel = this.#clock.after(ms, () => {
        cell.accept({ signal: "woken" }).then(
          // A rollout that the time moved on has stopped this timer by now.
          () => !stopped && arm(Math.max(at - this.#clock.now().t, AGAIN_MS)),
          (error: unknown) => {
            this.#log.error("a step could not go on; trying again", { service: cell.settings.name, error: String(error) });
            if (!stopped) arm(AGAIN_MS);
          },
        );
      });
    };
    arm(at - this.#clock.now().t);
    return () => {
      stopped = true;
      cancel();
    };
  }
}
