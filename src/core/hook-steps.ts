import type { Hooks } from "./hook.ts";
import { bracket, opened } from "./plan-rolling.ts";
import type { Step } from "./rollout.ts";
import { hookTasks } from "./task.ts";
import { type PoolName, WHOLE } from "./units.ts";
import { shareOf } from "./want.ts";

/** The hooks of a plan that moves traffic from pool to pool: around every step but the bake and the commit. */
export function withHooks(plan: readonly Step[], hooks: Hooks, to: PoolName): readonly Step[] {
  const commit = plan.length - 1;
  const full = plan.findIndex((step) => shareOf(step.want.shares, to) === WHOLE);
  const gate = hookTasks("beforePromote", hooks.beforePromote, "back");
  const steps = plan.flatMap((step, index) => {
    const inner = index === commit || step.label === "bake" ? [step] : bracket([step], hooks);
    return index === full ? inner.map((one) => ({ ...one, before: [...one.before, ...gate] })) : inner;
  });
  return opened(steps, { ...hooks, beforePromote: [] });
}
