import type { Config } from "../config/config.ts";
import type { Target } from "../core/ports.ts";
import type { Instruments } from "../instruments/instruments.ts";
import { openTarget, type TargetDeps } from "../nginx/target.ts";
import { lockInclude } from "./include-lock.ts";

/** Takes over every nginx of the configuration, until the stack is disposed; measured where there are instruments. */
export async function openTargets(
  { nginx }: Config,
  deps: TargetDeps,
  instruments: Instruments | null,
  stack: AsyncDisposableStack,
): Promise<readonly Target[]> {
  for (const { include } of Object.values(nginx)) {
    const lock = await lockInclude(include, deps.log);
    if (lock !== null) stack.use(lock);
  }
  const targets = await Promise.all(
    Object.values(nginx).map((target) =>
      openTarget(target, { ...deps, reloaded: (outcome) => instruments?.targets.reloaded(target.name, outcome) }),
    ),
  );
  return targets.map((target) => stack.use(instruments?.targets.measured(target) ?? target));
}
