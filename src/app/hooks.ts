import { setTimeout as sleep } from "node:timers/promises";
import { type Env, fill } from "../config/env.ts";
import type { Notifier } from "../core/notify.ts";
import { openNotify } from "../hooks/notify.ts";
import { createHookRunner } from "../hooks/runner.ts";
import type { Times } from "../hooks/times.ts";

/** The clock and the chance of this machine. */
const TIMES: Times = {
  wall: () => Date.now(),
  random: () => Math.random(),
  wait: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
};

/** Runs hooks, and tells people of rollouts; what it ended is gone once the stack is disposed. */
export function openHooks(env: Env, notifiers: readonly Notifier[], stack: AsyncDisposableStack) {
  const options = { fill: (text: string) => fill(text, env), inherited: env, times: TIMES };
  const { notify } = stack.use(openNotify(options));
  return { hooks: stack.use(createHookRunner(options)), notify: { notify, notifiers } };
}
