import type { RolloutView, StepView } from "../core/view.ts";
import { controllerNow, now } from "./clock.ts";
import { duration, percentOfBp } from "./figures.ts";
import { link } from "./link.ts";
import type { Seen } from "./live.ts";

type Props = { readonly seen: Seen; readonly rollout: RolloutView };

const STATES: Readonly<Record<StepView["state"], string>> = {
  done: "done",
  now: "now",
  next: "next",
  skipped: "skipped",
  stopped: "stopped",
};

/** The steps in their order: what is done, what is on, what comes, and how long the present one still takes. */
export function Track({ seen, rollout }: Props) {
  return (
    <ol class={`track ${rollout.phase} ${sizeOf(rollout)}`} aria-label="Steps">
      {rollout.steps.map((step, index) => (
        // The plan of a rollout never changes: a step is its place.
        <li
          key={`${index} ${step.label}`}
          class={`step ${step.state}`}
          aria-current={step.state === "now" ? "step" : undefined}
          data-step={index}
          data-state={step.state}
        >
          <span class="rail" aria-hidden="true">
            {step.state === "now" && <span style={{ width: `${passedOf(seen, rollout) * 100}%` }} />}
          </span>
          {rollout.rolling === null && <span class="step-share">{shareOf(step, rollout)}</span>}
          <span class="step-label">{labelOf(step, rollout)}</span>
          <span class="step-state">
            <span class="unseen">{STATES[step.state]}: </span>
            {step.state === "now" ? <Remaining seen={seen} rollout={rollout} step={step} /> : later(step)}
          </span>
        </li>
      ))}
    </ol>
  );
}

/** Members that are updated in place have long names; and of many steps only the present one has room for its words. */
function sizeOf({ steps, rolling }: RolloutView): string {
  if (steps.length > (rolling === null ? 12 : 6)) return "many";
  return rolling === null ? "" : "worded";
}

function shareOf({ shares }: StepView, { to }: RolloutView): string {
  return percentOfBp(shares[to] ?? 0);
}

/** A step that is nothing but its share needs no second word for it. */
function labelOf(step: StepView, rollout: RolloutView): string {
  if (rollout.rolling !== null) return step.label;
  const bare = (text: string) => text.replace(/\s/g, "");
  return bare(step.label) === bare(shareOf(step, rollout)) ? "" : step.label;
}

/** The part of the present step's time that is over, 0 to 1; all of it where nothing counts down. */
function passedOf({ at }: Seen, { since, remainingMs, phase }: RolloutView): number {
  void now.value;
  if (remainingMs === null || phase !== "observing") return 1;
  const sinceSeen = performance.now() - at;
  const left = Math.max(0, remainingMs - sinceSeen);
  const all = Math.max(1, controllerNow() - sinceSeen - Date.parse(since) + remainingMs);
  return Math.min(1, Math.max(0, 1 - left / all));
}

function later({ state, until }: StepView): string {
  if (state === "done") return "done";
  if (state === "skipped") return "skipped";
  if (state === "stopped") return "turned back here";
  return until === "time" ? "" : until === "approval" ? "needs approval" : "until evidence";
}

/** Counts down between two answers, and stops where the page is no longer live. */
function Remaining({ seen, rollout, step }: Props & { readonly step: StepView }) {
  const { remainingMs, phase } = rollout;
  if (phase === "failed") return <>{phase}</>;
  if (phase === "paused") return <>paused{remainingMs === null ? "" : `, ${duration(remainingMs)} left`}</>;
  if (remainingMs === null)
    return <>{phase === "applying" ? "nginx takes it" : step.until === "approval" ? "needs approval" : phase}</>;
  void now.value;
  const passed = link.value === "live" && phase !== "applying" ? performance.now() - seen.at : 0;
  return <b>{duration(remainingMs - passed)} left</b>;
}
