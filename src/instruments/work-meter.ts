import { Counter, type Registry } from "prom-client";
import type { Notifier } from "../core/notify.ts";
import type { HookRunner, Notify, ProbeEndpoint } from "../core/ports.ts";
import type { TargetName } from "../core/units.ts";

/** Who runs hooks, and who tells whom. */
type Outside = {
  readonly hooks: HookRunner;
  readonly notify: { readonly notify: Notify; readonly notifiers: readonly Notifier[] };
};

/** Counts what is done for rollouts beside nginx, by what goes through the ports: probes, hooks, messages; and what nginx's log lost. */
export class WorkMeter {
  readonly #probes: Counter<"result">;
  readonly #hooks: Counter<"service" | "result">;
  readonly #notifications: Counter<"receiver" | "result">;
  readonly #losses: Counter<"target">;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#probes = new Counter({
      name: "sluice_probes_total",
      help: "Health checks of endpoints by their result: healthy or failed.",
      labelNames: ["result"],
      registers,
    });
    this.#hooks = new Counter({
      name: "sluice_hook_runs_total",
      help: "Hooks that ended, by their result: succeeded or failed.",
      labelNames: ["service", "result"],
      registers,
    });
    this.#notifications = new Counter({
      name: "sluice_notifications_total",
      help: "Messages to receivers by their result: delivered, or given up after all tries.",
      labelNames: ["receiver", "result"],
      registers,
    });
    this.#losses = new Counter({
      name: "sluice_log_losses_total",
      help: "Times that lines of nginx's log of requests were lost before they were read; how many lines, nobody knows.",
      labelNames: ["target"],
      registers,
    });
    for (const result of ["healthy", "failed"]) this.#probes.inc({ result }, 0);
  }

  probing(probe: ProbeEndpoint): ProbeEndpoint {
    return async (check, endpoint, member) => {
      const seen = await probe(check, endpoint, member);
      this.#probes.inc({ result: seen.healthy ? "healthy" : "failed" });
      return seen;
    };
  }

  /** The same hooks and messages, counted. */
  counted({ hooks, notify: { notify, notifiers } }: Outside): Outside {
    return { hooks: this.#running(hooks), notify: { notify: this.#notifying(notify, notifiers), notifiers } };
  }

  #running(runner: HookRunner): HookRunner {
    return {
      run: async (call, started, signal) => {
        const end = await runner.run(call, started, signal);
        // Whoever stops it tells nothing of the hook.
        if (!signal.aborted) this.#hooks.inc({ service: call.service, result: end.ok ? "succeeded" : "failed" });
        return end;
      },
      endLeftOver: (key, pid) => runner.endLeftOver(key, pid),
    };
  }

  #notifying(notify: Notify, notifiers: readonly Notifier[]): Notify {
    for (const { name: receiver } of notifiers)
      for (const result of ["delivered", "given_up"]) this.#notifications.inc({ receiver, result }, 0);
    return async (notifier, notice, signal) => {
      const end = await notify(notifier, notice, signal);
      if (!signal.aborted) this.#notifications.inc({ receiver: notifier.name, result: end.ok ? "delivered" : "given_up" });
      return end;
    };
  }

  /** From here on its losses stand at 0, so that the first is a rise. */
  reading(target: TargetName): void {
    this.#losses.inc({ target }, 0);
  }

  lost(target: TargetName): void {
    this.#losses.inc({ target });
  }
}
