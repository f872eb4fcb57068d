import type { RolloutView, StepView } from "../core/view.ts";
import { now } from "./clock.ts";
import { duration, percentOfBp } from "./figures.ts";
import { link } from "./link.ts";
import type { Seen } from "./live.ts";

type Props = { readonly seen: Seen; readonly rollout: RolloutView };

const STATES: Readonly<Record<StepView["state"], string>> = { done: "done", now: "now", next: "next", skipped: "skipped" };

/** The steps in their order: what is done, what is on, what comes, and how long the present one still takes. */
export function Track({ seen, rollout }: Props) {
  return (
    <ol class="track" aria-label="Steps">
      {rollout.steps.map((step, index) => (
        // The plan of a rollout never changes: a step is its place.
        <li
          key={`${index} ${step.label}`}
          class={`step ${step.state}`}
          aria-current={step.state === "now" ? "step" : undefined}
          data-step={index}
          data-state={step.state}
        >
          <span class="rail" aria-hidden="true" />
          <span class="step-share">{shareOf(step, rollout)}</span>
          <span class="step-label">{step.label}</span>
          <span class="step-state">
            <span class="unseen">{STATES[step.state]}: </span>
            {step.state === "now" ? <Remaining seen={seen} rollout={rollout} step={step} /> : later(step)}
          </span>
        </li>
      ))}
    </ol>
  );
}

function shareOf({ shares }: StepView, { to }: RolloutView): string {
  return percentOfBp(shares[to] ?? 0);
}

function later({ state, until }: StepView): string {
  if (state === "done") return "done";
  if (state === "skipped") return "skipped";
  return until === "time" ? "" : until === "approval" ? "needs approval" : "until evidence";
}

/** Counts down between two answers, and stops where the page is no longer live. */
function Remaining({ seen, rollout, step }: Props & { readonly step: StepView }) {
  const { remainingMs, phase } = rollout;
  if (phase === "promoted" || phase === "reverted" || phase === "failed") return <>{phase}</>;
  if (phase === "paused") return <>paused{remainingMs === null ? "" : `, ${duration(remainingMs)} left`}</>;
  if (remainingMs === null)
    return <>{phase === "applying" ? "nginx takes it" : step.until === "approval" ? "needs approval" : phase}</>;
  void now.value;
  const passed = link.value === "live" && phase !== "applying" ? performance.now() - seen.at : 0;
  return <b>{duration(remainingMs - passed)} left</b>;
}
