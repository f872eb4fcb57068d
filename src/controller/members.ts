import type { Actor } from "../core/control.ts";
import { Refusal } from "../core/errors.ts";
import type { Fact } from "../core/rollout.ts";
import type { Member, PoolName } from "../core/units.ts";
import type { Cell } from "./cell.ts";
import { type ServiceRecord, underWay } from "./record.ts";
import { membersOf } from "./service-state.ts";
import { checkMatch } from "./starting.ts";

/** Sets the members of a pool at run time; null goes back to the configured list. */
export async function membersSet(
  cell: Cell,
  pool: PoolName,
  members: readonly Member[] | null,
  actor: Actor,
  ifMatch: string | null,
): Promise<void> {
  checkPool(cell, pool);
  const name = cell.settings.name;
  if (members !== null && new Set(members).size !== members.length)
    throw new Refusal("invalid", `the members of ${name} ${pool} name one twice: ${members.join(", ")}`);
  refuseWhileRolling(cell.record, pool, null);
  await cell.prepare(members ?? cell.settings.pools[pool]?.members ?? []);
  await cell.edit((record) => {
    checkMatch(record, ifMatch);
    refuseWhileRolling(record, pool, null);
    const { [pool]: _, ...others } = record.state.members;
    const next = members === null ? others : { ...others, [pool]: members };
    const now = members ?? cell.settings.pools[pool]?.members ?? [];
    const drained = (record.state.drained[pool] ?? []).filter((one) => now.includes(one));
    if (now.length > 0 && drained.length === now.length)
      throw new Refusal(
        "not-ready",
        `every member that ${name} ${pool} would have is taken out: nginx would answer 502`,
        `put one in first: sluice members ${name} ${pool} ready ${drained[0]}`,
      );
    const text =
      members === null ? `${pool} has its configured members again` : `${pool} has the members ${members.join(", ") || "none"}`;
    return {
      edit: {
        state: { ...record.state, members: next, drained: { ...record.state.drained, [pool]: drained } },
        facts: [said(text, actor, { pool, members })],
      },
    };
  });
}

/** Takes a member out of nginx by hand, or puts it back. */
export async function memberOut(
  cell: Cell,
  pool: PoolName,
  member: Member,
  state: "draining" | "ready",
  actor: Actor,
  ifMatch: string | null,
): Promise<void> {
  checkPool(cell, pool);
  await cell.edit((record) => {
    checkMatch(record, ifMatch);
    const members = membersOf(record.state, cell.settings, pool);
    if (!members.includes(member))
      throw new Refusal(
        "invalid",
        `${cell.settings.name} ${pool} has no member ${member}`,
        `its members are ${members.join(", ") || "none"}`,
      );
    refuseWhileRolling(record, pool, member);
    const before = record.state.drained[pool] ?? [];
    if (before.includes(member) === (state === "draining")) return { edit: null };
    const left = members.filter((one) => one !== member && !before.includes(one) && !isDown(record, one));
    if (state === "draining" && left.length === 0)
      throw new Refusal(
        "not-ready",
        `${member} is the last member of ${cell.settings.name} ${pool} that is in and not down: nginx would answer 502`,
        "put another member in first",
      );
    const drained = state === "draining" ? [...before, member] : before.filter((one) => one !== member);
    const text = state === "draining" ? `${member} of ${pool} is taken out` : `${member} of ${pool} is put back`;
    return {
      edit: {
        state: { ...record.state, drained: { ...record.state.drained, [pool]: drained } },
        facts: [said(text, actor, { pool, member })],
      },
    };
  });
}

/**
 * A rolling rollout decides about the members that it works on, to its end: it may have to take any of them back.
 *
 * `member` is the one to take out or put back; null means the pool's whole list.
 */
function refuseWhileRolling(record: ServiceRecord, pool: PoolName, member: Member | null): void {
  const rollout = underWay(record);
  const rolling = rollout?.rolling ?? null;
  if (rollout === null || rolling === null || rolling.pool !== pool) return;
  const { id, service } = rollout;
  if (member === null)
    throw new Refusal(
      "rollout-running",
      `${id} works on the members of ${service} ${pool}, one after the other: they cannot be exchanged under it`,
      `wait for its end, or end it: sluice abort ${service}`,
    );
  if (!rolling.members.includes(member) && !rolling.settings.spares.includes(member)) return;
  throw new Refusal(
    "rollout-running",
    rolling.excluded.includes(member)
      ? `${id} goes on without ${member}: it can be put back when the rollout is over`
      : `${id} works on ${member}, and takes it out and puts it back by itself`,
    rolling.excluded.includes(member)
      ? `wait for its end, or end it: sluice abort ${service}`
      : `to go on without it: sluice exclude ${service} ${member}; or end the rollout: sluice abort ${service}`,
  );
}

function isDown({ sight }: ServiceRecord, member: Member): boolean {
  const endpoints = sight.addresses[member]?.endpoints ?? [];
  return endpoints.every((endpoint) => sight.health[endpoint]?.is === "down");
}

function checkPool(cell: Cell, pool: PoolName): void {
  if (pool in cell.settings.pools) return;
  throw new Refusal(
    "unknown-pool",
    `${cell.settings.name} has no pool ${pool}`,
    `its pools are ${Object.keys(cell.settings.pools).join(", ")}`,
  );
}

function said(text: string, actor: Actor, data: Fact["data"]): Fact {
  return { kind: "members", step: null, actor: actor.name, text, data };
}
