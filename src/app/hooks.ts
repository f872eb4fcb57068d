import { setTimeout as sleep } from "node:timers/promises";
import { type Env, fill } from "../config/env.ts";
import type { HookRunner } from "../core/ports.ts";
import { createHookRunner } from "../hooks/runner.ts";
import type { Times } from "../hooks/times.ts";

/** The clock and the chance of this machine. */
const TIMES: Times = {
  wall: () => Date.now(),
  random: () => Math.random(),
  wait: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
};

/** Runs hooks; what it ended is gone once the stack is disposed. */
export function openHooks(env: Env, stack: AsyncDisposableStack): HookRunner {
  return stack.use(createHookRunner({ fill: (text) => fill(text, env), inherited: env, times: TIMES }));
}
