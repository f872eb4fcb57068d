import type { Ms } from "../core/units.ts";
import type { MemberView, ServiceView } from "../core/view.ts";
import type { Context } from "./context.ts";
import { say } from "./context.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { Failure } from "./failure.ts";
import { plain } from "./format/width.ts";
import { lookUntil, type Standing } from "./look-until.ts";
import type { Session } from "./session.ts";

/** What was asked of members, and is waited for. `members` is empty where it is the pool's list that was changed. */
export type MemberGoal = {
  readonly service: string;
  readonly pool: string;
  readonly action: "drain" | "ready" | "list";
  readonly members: readonly string[];
};

/** A count follows the proof that nginx took a change within this time, or it cannot be made. */
const COUNTED_MS: Ms = 2_000;

/** Waits until nginx has done what was asked of members: nothing in flight to drained ones, the others back in service. */
export async function waitForMembers(context: Context, session: Session, goal: MemberGoal, timeoutMs: Ms): Promise<ExitCode> {
  const { io } = context;
  let appliedAt: Ms | null = null;
  const { exit, text } = await lookUntil(context, timeoutMs, async () => {
    const service = await session.service(goal.service);
    appliedAt = isApplied(service) ? (appliedAt ?? io.mono()) : null;
    return standingOf(service, goal, appliedAt !== null && io.mono() - appliedAt > COUNTED_MS);
  });
  return exit === EXIT.reached ? exit : ended(context, goal, exit, text);
}

function ended(context: Context, goal: MemberGoal, exit: ExitCode, text: string): ExitCode {
  const left = goal.action === "drain" ? "nginx gives it nothing new, however long this takes" : "it goes on by itself";
  const many = goal.action === "drain" && goal.members.length > 1 ? left.replace("it nothing", "them nothing") : left;
  say(context, `${exit === EXIT.timedOut ? "--timeout is over" : "interrupted"}: ${text}; ${many}`);
  return exit;
}

export function isApplied({ applied }: ServiceView): boolean {
  return applied.targets.every(({ state }) => state === "applied");
}

function standingOf(service: ServiceView, goal: MemberGoal, countIsLate: boolean): Standing {
  const members = goal.members.map((address) => memberIn(service, goal, address));
  const counted = goal.action === "drain" && members.every(({ inFlight }) => inFlight !== null);
  if (!isApplied(service) && !counted) return { done: false, text: waitsForNginx(service) };
  switch (goal.action) {
    case "list":
      return { done: true, text: "nginx has the members" };
    case "drain":
      return { done: members.every(({ inFlight }) => inFlight === 0), text: each(members, (one) => flying(one, countIsLate)) };
    case "ready":
      return { done: members.every(isIn), text: each(members, backText) };
  }
}

function each(members: readonly MemberView[], text: (member: MemberView) => string): string {
  return members.map(text).join("; ");
}

function flying({ address, inFlight }: MemberView, countIsLate: boolean): string {
  if (inFlight !== null) return inFlight === 0 ? `nothing is in flight to ${address}` : `${inFlight} in flight to ${address}`;
  if (!countIsLate) return `nginx has ${address} out; what is in flight is being counted`;
  return `what is in flight to ${address} cannot be counted, as nginx's processes cannot be seen from here: give it as long as your longest request takes`;
}

function isIn({ health }: MemberView): boolean {
  return health === "ready" || health === "kept";
}

function backText(member: MemberView): string {
  if (isIn(member)) return `${member.address} is back`;
  return `${member.address} is ${member.health}${member.reason === null ? "" : `: ${plain(member.reason)}`}`;
}

export function waitsForNginx({ applied }: ServiceView): string {
  const reasons = applied.targets.flatMap(({ state, name, reason }) => (state === "applied" ? [] : `${name} ${reason ?? state}`));
  return `waiting for nginx: ${plain(reasons.join("; "))}`;
}

/** Somebody else may decide otherwise while this waits. */
function memberIn(service: ServiceView, goal: MemberGoal, address: string): MemberView {
  const member = service.pools[goal.pool]?.members.find((one) => one.address === address);
  if (member === undefined)
    throw new Failure(EXIT.conflict, `${address} is no member of ${goal.service} ${goal.pool} any more`, {
      hint: `see who is: sluice members ${goal.service} ${goal.pool}`,
    });
  const wanted = goal.action === "drain" ? "draining" : "ready";
  if (member.state !== wanted)
    throw new Failure(EXIT.conflict, `${address} was ${wanted === "draining" ? "put back" : "taken out"} meanwhile`, {
      hint: `see by whom: sluice events ${goal.service}`,
    });
  return member;
}
