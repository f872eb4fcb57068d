import type { Hook } from "../../src/core/hook.ts";
import type { HookCall, HookEnd } from "../../src/core/ports.ts";
import { createHookRunner } from "../../src/hooks/runner.ts";
import type { Times } from "../../src/hooks/times.ts";
import { filling } from "./numbers.ts";

/** A program as a hook. */
export function commandHook(command: readonly string[], more: Partial<Hook & { do: "command" }> = {}): Hook {
  return { name: "deploy", do: "command", command, env: {}, deadlineMs: 10_000, ...more };
}

/** An HTTP call as a hook. */
export function postHook(url: string, more: Partial<Hook & { do: "post" }> = {}): Hook {
  return { name: "gate", do: "post", url, headers: {}, secret: null, ca: null, timeoutMs: 5_000, deadlineMs: 10_000, ...more };
}

/** A call of a hook by the rollout `web-3`, for one member. */
export function callOf(hook: Hook, more: Partial<HookCall> = {}): HookCall {
  return {
    hook,
    point: "deploy",
    key: "web-3.1.before.0.10.0.0.1:80",
    service: "web",
    rollout: "web-3",
    strategy: "rolling",
    from: "blue",
    pool: "green",
    version: "1.2.3",
    step: "batch 1 of 3",
    shares: { blue: 9_000, green: 1_000 },
    member: "10.0.0.1:80",
    ...more,
  };
}

/** The clock of the machine, with chance that is none, and pauses of a millisecond. */
export const HASTY: Times = {
  wall: () => Date.now(),
  random: () => 0.5,
  wait: () => new Promise((resolve) => setTimeout(resolve, 1)),
};

export type RunHow = {
  readonly env?: Readonly<Record<string, string>>;
  readonly times?: Times;
  readonly signal?: AbortSignal;
  readonly started?: (pid: number) => void;
  readonly call?: Partial<HookCall>;
};

/** Runs a hook once. */
export async function runHook(hook: Hook, how: RunHow = {}): Promise<HookEnd> {
  const inherited = { PATH: process.env.PATH, LEAKED: "yes" };
  await using runner = createHookRunner({ fill: filling(how.env ?? {}), inherited, times: how.times ?? HASTY });
  const never = new AbortController().signal;
  return await runner.run(callOf(hook, how.call), async (pid) => how.started?.(pid), how.signal ?? never);
}
