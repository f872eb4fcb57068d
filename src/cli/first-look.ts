import { setTimeout as sleep } from "node:timers/promises";
import type { Ms } from "../core/units.ts";
import type { ServiceView } from "../core/view.ts";
import type { Session } from "./session.ts";

/** How long a controller inside this process may take to hear from nginx and the members. */
const FIRST_LOOK_MS = 3_000;

/** A controller that was just opened has not seen anything: what it shows is only worth showing once it has, or time is over. */
export async function firstLook(session: Session, mono: () => Ms): Promise<void> {
  const until = mono() + FIRST_LOOK_MS;
  while (!(await session.services()).every(isSeen) && mono() < until) await sleep(50);
}

function isSeen(service: ServiceView): boolean {
  const members = Object.values(service.pools).flatMap((pool) => pool.members);
  return (
    members.every((member) => member.health !== "unknown") &&
    service.applied.targets.every((target) => target.state !== "applying" || target.reason !== null)
  );
}
