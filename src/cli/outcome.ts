import type { PhaseName } from "../core/rollout.ts";
import { never } from "../core/units.ts";
import type { RolloutView } from "../core/view.ts";
import { EXIT, type ExitCode } from "./exit.ts";

/** What a caller waits for: the candidate carries everything, or stable does again. */
export type Goal = "promoted" | "reverted";

/** How a wait ends for a rollout in this state; null where it goes on by itself. */
export function outcomeOf(rollout: Pick<RolloutView, "phase" | "remainingMs" | "hold">, goal: Goal): ExitCode | null {
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

/** Nothing counts down and nothing is frozen: only a person moves it on. */
function waitsForPerson(rollout: Pick<RolloutView, "remainingMs" | "hold">): boolean {
  return rollout.remainingMs === null && rollout.hold?.on !== "freeze";
}

/** What a person can do next about a rollout that stopped short: commands, or what to mend, each on a line of its own. */
export function nextActions(rollout: Pick<RolloutView, "phase" | "service" | "hold" | "rolling">): readonly string[] {
  const { service, rolling } = rollout;
  if (rollout.phase === "waiting" && rolling?.failing != null) return memberActions(service, rolling.failing.members);
  switch (rollout.phase) {
    case "paused":
      return [`sluice resume ${service}`, `sluice abort ${service}`];
    case "failed":
      return [`sluice retry ${service}`, `sluice abort ${service}`];
    case "waiting":
      return rollout.hold?.on === "failure"
        ? [`mend the member, and the rollout goes on by itself: sluice status ${service}`, `sluice abort ${service}`]
        : [`sluice advance ${service}`, `sluice abort ${service}`];
    case "reverted":
      return [`sluice retry ${service}`];
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
