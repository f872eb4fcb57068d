import { isAdvisory } from "../core/check.ts";
import type { PlannedCheck, PlannedStep } from "../core/planned.ts";
import type { Step } from "../core/rollout.ts";
import { type Ms, never, type PoolName } from "../core/units.ts";
import { percent } from "../core/want.ts";
import { lasts, meanShare, type Prospect } from "./foresight.ts";

/** What a step will not show, or not in its time, in sentences; nothing where no rate is known. */
export function warningsOf(prospect: Prospect, foreseen: Pick<PlannedStep, "checks" | "mostLost">): readonly string[] {
  const { step, to, expected } = prospect;
  if (expected === null || !lasts(step) || meanShare(step, to) === 0) return [];
  if (expected.requestsPerS === 0)
    return step.needs.length === 0 ? [] : ["no requests come: nothing can be shown, and it will hold"];
  return [
    ...foreseen.checks.flatMap((check) => tooShort(prospect, check) ?? []),
    ...foreseen.checks.flatMap((check) => blind(prospect, check) ?? []),
    ...(foreseen.mostLost === null ? unseen(prospect) : []),
  ];
}

/** Where a needed check cannot pass in the step's time, as if the candidate were as good as stable. */
function tooShort(prospect: Prospect, check: PlannedCheck): string | null {
  const { step, to } = prospect;
  const { kind, foreseen, requests, passesAfterMs } = check;
  const inTimeMs = step.leastMs + (step.untilEvidence ? step.hold.atMostMs : 0);
  if (!check.needed || requests === null || (kind === "compare" && !foreseen) || (step.leastMs === 0 && !step.untilEvidence))
    return null;
  if (passesAfterMs !== null && passesAfterMs <= inTimeMs) return null;
  const share = percent(meanShare(step, to));
  const given = `${share} for ${lengthText(step.leastMs)} gives about ${counted(requests, "request")} on ${to}`;
  return `${step.untilEvidence && step.leastMs === 0 ? `at ${share}` : given}; ${needText(prospect, check)}: ${endText(step, to, passesAfterMs)}`;
}

function needText({ checks, metrics }: Prospect, { name, kind, requestsToPass }: PlannedCheck): string {
  if (requestsToPass === null) return `${name} never passes at these rates, for too much of stable fails`;
  if (kind === "compare") return `${name} needs ${grouped(requestsToPass)} to show health`;
  const windowMs = metrics[checks.find((one) => one.name === name)?.metric ?? ""]?.windowMs ?? 0;
  return `${name} needs ${grouped(requestsToPass)} in each ${lengthText(windowMs)}`;
}

/** What the step does where its time is over and the evidence is not there. */
function endText({ leastMs, hold, untilEvidence }: Step, to: PoolName, passesAfterMs: Ms | null): string {
  const moreMs = passesAfterMs === null ? Number.POSITIVE_INFINITY : passesAfterMs - (untilEvidence ? 0 : leastMs);
  const holds = untilEvidence ? "it will last" : "it will hold";
  if (hold.then === "wait")
    return passesAfterMs === null
      ? "it will hold until somebody decides"
      : `${holds} for about ${lengthText(moreMs)}, or until somebody decides`;
  if (moreMs <= hold.atMostMs) return `${holds} for about ${lengthText(moreMs)}, and may for ${lengthText(hold.atMostMs)}`;
  const until = `${holds} up to ${lengthText(hold.atMostMs)}`;
  switch (hold.then) {
    case "abort":
      return `${until}, and then go back, however good ${to} is`;
    case "advance":
      return `${until}, and then go on without it`;
    default:
      return never(hold.then);
  }
}

/** Where a comparison can find nothing but an outage in the step's time. */
function blind({ step }: Prospect, { name, kind, foreseen, detects, mostLost }: PlannedCheck): string | null {
  if (kind === "bound" || step.leastMs === 0 || !foreseen || detects !== null) return null;
  return `${name} can find nothing${mostLost === null ? "" : " but an outage"} in ${lengthText(step.leastMs)}`;
}

/** Where no check would see that everything fails. */
function unseen({ checks, to }: Prospect): readonly string[] {
  const critical = checks.filter((check) => !isAdvisory(check));
  const why = critical.length === 0 ? "no check judges it" : "no check here counts failures";
  return [`${why}: where ${to} answers with errors, only its health checks or a person stop it`];
}

function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `1 203`: digits in threes. */
function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** `1500 ms`, `90 s`, `15 min`, `3 h`: two digits are all that an outlook means. */
function lengthText(ms: Ms): string {
  if (ms < 2_000 && ms % 1_000 !== 0) return `${ms} ms`;
  if (ms < 180_000) return `${Math.round(ms / 1_000)} s`;
  return ms < 10_800_000 ? `${Math.round(ms / 60_000)} min` : `${Number((ms / 3_600_000).toPrecision(2))} h`;
}
