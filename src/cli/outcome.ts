import type { PhaseName } from "../core/rollout.ts";
import { WAITS_FOR_APPROVAL } from "../core/task.ts";
import { never } from "../core/units.ts";
import type { RolloutView } from "../core/view.ts";
import { EXIT, type ExitCode } from "./exit.ts";

/** What a caller waits for: the candidate carries everything, or stable does again. */
export type Goal = "promoted" | "reverted";

/** How a wait ends for a rollout in this state; null where it goes on by itself. */
export function outcomeOf(rollout: Pick<RolloutView, "phase" | "remainingMs" | "hold" | "reason">, goal: Goal): ExitCode | null {
  const phase: PhaseName = rollout.phase;
  switch (phase) {
    case "promoted":
      return goal === "promoted" ? EXIT.reached : EXIT.conflict;
    case "reverted":
      return goal === "reverted" ? EXIT.reached : EXIT.reverted;
    case "paused":
    case "failed":
      return EXIT.person;
    case "waiting":
      return waitsForPerson(rollout) ? EXIT.person : null;
    case "applying":
    case "observing":
    case "reverting":
      return null;
    default:
      return never(phase);
  }
}

/** Nothing counts down, nothing is frozen, and it is not for members to become ready: only a person moves it on. */
function waitsForPerson(rollout: Pick<RolloutView, "remainingMs" | "hold" | "reason">): boolean {
  const { remainingMs, hold } = rollout;
  return remainingMs === null && (hold === null ? waitsForApproval(rollout) : hold.on !== "freeze");
}

function waitsForApproval({ reason }: Pick<RolloutView, "reason">): boolean {
  return reason.startsWith(WAITS_FOR_APPROVAL);
}

/** Whether `advance` is what a waiting rollout waits for: an approval, or evidence that a person goes on without. */
export function waitsForAdvance(rollout: Pick<RolloutView, "hold" | "reason">): boolean {
  return rollout.hold === null ? waitsForApproval(rollout) : rollout.hold.on === "evidence";
}

/** What a person can do next about a rollout that stopped short: commands, or what to mend, each on a line of its own. */
export function nextActions(rollout: Pick<RolloutView, "phase" | "service" | "hold" | "rolling" | "reason">): readonly string[] {
  const { service, rolling } = rollout;
  if (rollout.phase === "waiting" && rolling?.failing != null) return memberActions(service, rolling.failing.members);
  switch (rollout.phase) {
    case "paused":
      return [`sluice resume ${service}`, `sluice abort ${service}`];
    case "failed":
      return [`sluice retry ${service}`, `sluice abort ${service}`];
    case "waiting":
      if (rollout.hold?.on === "failure")
        return [`mend the member, and the rollout goes on by itself: sluice status ${service}`, `sluice abort ${service}`];
      return [`sluice ${waitsForAdvance(rollout) ? "advance" : "watch"} ${service}`, `sluice abort ${service}`];
    case "reverted":
      return [`sluice retry ${service}`];
    case "reverting":
      return [`sluice watch ${service}`];
    default:
      return [`sluice watch ${service}`, `sluice abort ${service}`];
  }
}

/** What can be done about members of a rolling update that failed. */
function memberActions(service: string, members: readonly string[]): readonly string[] {
  const one = members[0] === undefined ? "" : ` ${members[0]}`;
  return [
    `sluice retry ${service}`,
    `sluice skip ${service}${one}`,
    `sluice exclude ${service}${one}`,
    `sluice abort ${service}`,
  ];
}
