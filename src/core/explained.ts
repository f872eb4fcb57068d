import type { Count } from "./basis.ts";
import type { DecidedCheck, Decision } from "./decided.ts";
import type { Ms } from "./units.ts";
import type { HookRunView, RolloutView } from "./view.ts";

/** Why a rollout went on, back or nowhere: in a sentence, by each decision, and by each check with the windows that it compared. */
export type ExplanationView = {
  readonly rollout: RolloutView;
  readonly text: string;
  /** In the order in which they were made. */
  readonly decisions: readonly DecisionView[];
  /** As they stand now, or stood at the end. */
  readonly checks: readonly ExplainedCheck[];
  /** The newest run of each, in the order in which they began. */
  readonly hooks: readonly HookRunView[];
};

export type DecisionView = {
  /** The event that it is. */
  readonly seq: number;
  readonly at: string;
  /** Index into the rollout's `steps`, from 0. */
  readonly step: number | null;
  readonly decision: Decision;
  readonly actor: string | null;
  readonly text: string;
  readonly checks: readonly DecidedCheck[];
};

export type ExplainedCheck = DecidedCheck & {
  /** The windows that were compared, oldest first; empty for a fixed bound. */
  readonly recorded: readonly WindowView[];
  /** How many older windows are no longer kept. */
  readonly dropped: number;
};

/** One evidence window, and the evidence after it. */
export type WindowView = {
  /** Counts entries into steps, from 1; a step that was retried has several. */
  readonly entry: number;
  /** Its end. */
  readonly at: string;
  readonly ms: Ms;
  readonly canary: Count;
  readonly stable: Count;
  readonly slowMs: number | null;
  readonly logHarm: number;
  readonly logHealthy: number | null;
  /** It was not full when the fast path decided on it; no other test has seen it. */
  readonly part: boolean;
};

/** What was decided in one sentence, where and why: `Reverted at 25 %: errors: 41 of 1 203 requests failed …`. */
export function decisionSentence({ phase, step, steps, reason }: RolloutView): string {
  const label = (steps.find(({ state }) => state === "stopped") ?? steps[step])?.label ?? null;
  const where = phase === "promoted" || label === null || namesStep(reason, label) ? "" : ` at ${placeOf(label)}`;
  return `${phase.charAt(0).toUpperCase()}${phase.slice(1)}${where}: ${reason}`;
}

/** Whether a reason begins with where the rollout is. A share in the middle of it may be anything else, such as a limit. */
function namesStep(reason: string, label: string): boolean {
  return ["", "watching ", "nginx is taking ", "nginx does not take ", "goes on with "].some((verb) =>
    reason.startsWith(`${verb}${placeOf(label)}`),
  );
}

/** `batch 2 of 3` of `batch 2 of 3: 10.0.0.1:80 back`. */
export function placeOf(label: string): string {
  return label.split(": ")[0] ?? label;
}
