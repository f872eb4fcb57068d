import type { Clock } from "../../src/controller/clock.ts";
import { type Hook, type Hooks, NO_HOOKS } from "../../src/core/hook.ts";
import type { HookRunner } from "../../src/core/ports.ts";
import type { Random } from "./random.ts";

function hook(name: string): Hook {
  return { name, deadlineMs: 20_000, do: "command", command: [name], env: {} };
}

/** The hooks of a service, in one of a few variants. */
export function someHooks(random: Random): Hooks {
  const back: Partial<Hooks> = { afterRevert: [hook("tidy")], onFailed: [hook("call")] };
  const gates: Partial<Hooks> = { beforeStep: [hook("ask")], afterStep: [hook("look")], beforePromote: [hook("decide")] };
  return { ...NO_HOOKS, ...random.pick([{}, {}, back, gates, { ...back, ...gates }]) };
}

/** What hooks run: it takes a moment, and now and then it says no. */
export class Errands {
  readonly #random: Random;
  /** How likely one says no now. */
  readonly #trouble: () => number;
  /** Keys of what runs now: what a dead controller started goes on until somebody ends it. */
  readonly #running = new Set<string>();

  constructor(random: Random, trouble: () => number) {
    this.#random = random;
    this.#trouble = trouble;
  }

  /** As one process of the controller runs them. */
  hooks(clock: Clock, alive: () => boolean): HookRunner {
    return {
      run: async ({ key }, started, signal) => {
        if (!alive()) return new Promise(() => {});
        if (this.#running.has(key)) throw new Error(`${key} runs already`);
        this.#running.add(key);
        await started(1);
        const isBad = this.#random.chance(this.#trouble());
        await new Promise<void>((resolve) => {
          clock.after(this.#random.between(100, 3_000), resolve);
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
        if (!alive()) return new Promise(() => {});
        this.#running.delete(key);
        if (signal.aborted) return { ok: false, text: "was ended", output: "" };
        return isBad ? { ok: false, text: "exit code 1", output: "" } : { ok: true, text: "succeeded", output: "" };
      },
      endLeftOver: async (key) => void this.#running.delete(key),
    };
  }
}
