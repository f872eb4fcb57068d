import { Refusal } from "./errors.ts";
import type { Rollout } from "./rollout.ts";
import { wayBack } from "./way-back.ts";

/** What a store takes at a time is a megabyte of UTF-8; a little is left for the journal's lines. */
const MOST_CHARS = 950_000;
/** What is learnt of a member until the end, and its place in the route: health, what its hooks said, addresses. */
const CHARS_PER_MEMBER = 800;

/**
 * Refuses a rolling update that could be started, and not be stored once all of its members are to be taken back: an abort must
 * always have room.
 */
export function refuseWithoutRoom(rollout: Rollout): void {
  const { rolling } = rollout;
  if (rolling === null) return;
  const { members } = rolling;
  const whole: Rollout = { ...rollout, rolling: { ...rolling, touched: members, deployed: members, undone: members } };
  const back = wayBack({ ...whole, rolling: { ...rolling, touched: members } });
  const chars = JSON.stringify([whole, back]).length + members.length * CHARS_PER_MEMBER;
  if (chars <= MOST_CHARS) return;
  throw new Refusal(
    "invalid",
    `${rollout.plan.length} steps for ${members.length} members, and ${back.length} to take them back, are too much to be stored: about ${Math.ceil(chars / 1000)} kB, of ${MOST_CHARS / 1000}`,
    "a larger `batch`, such as 5%, also in `rollback`",
  );
}
