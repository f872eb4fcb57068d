import type { Hook, HookPoint } from "./hook.ts";
import type { Member, Ms, PoolName } from "./units.ts";

/**
 * Work that must be done before a step's route is wanted, or after its dwell.
 *
 * `otherwise` says what a failure or the deadline does: `back` reverts, `hold` waits for a person, `go` carries on, `fail` lets the
 * rollout's `onFailure` decide about the members that it concerns.
 */
export type Task = {
  readonly name: string;
  readonly withinMs: Ms | null;
  readonly otherwise: "back" | "hold" | "go" | "fail";
} & (
  | { readonly do: "healthy"; readonly pool: PoolName }
  | { readonly do: "approval" }
  /** Waits until so many others are ready that `members` can be spared. */
  | { readonly do: "capacity"; readonly members: readonly Member[]; readonly atLeast: number }
  /** Waits until nginx has no request in flight to any of `members`. */
  | { readonly do: "drained"; readonly members: readonly Member[] }
  /** Runs a hook for each of `members`, at the same time; once where there are none. */
  | { readonly do: "hook"; readonly point: HookPoint; readonly hook: Hook; readonly members: readonly Member[] | null }
  /** Waits until each of `members` has been healthy for `forMs`; where `anew`, probes from before this task say nothing. */
  | { readonly do: "members"; readonly members: readonly Member[]; readonly forMs: Ms; readonly anew: boolean }
);

/** How the reason of a rollout begins that an `advance` is all it waits for. */
export const WAITS_FOR_APPROVAL = "waits for approval";

/** How a task of a step ended, for one member where it is done for each; outlives retry. */
export type TaskResult = { readonly ok: boolean; readonly text: string; readonly by: string | null };

/** The hooks of a point as tasks, one after the other. */
export function hookTasks(point: HookPoint, hooks: readonly Hook[], otherwise: Task["otherwise"]): readonly Task[] {
  return hooks.map((hook) => ({
    name: hook.name,
    do: "hook",
    point,
    hook,
    members: null,
    // A little more than the hook has itself, so that its own words about the time come first.
    withinMs: hook.deadlineMs + 5_000,
    otherwise,
  }));
}
