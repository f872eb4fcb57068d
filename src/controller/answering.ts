import type { ProbeEndpoint } from "../core/ports.ts";
import type { Readiness } from "../core/rollout.ts";
import type { Endpoint, Member, PoolName } from "../core/units.ts";
import type { Cell } from "./cell.ts";
import { sightOf } from "./service-state.ts";

/** Why a pool does not answer now, for each that does not: what was seen last may be as old as the checks are apart. */
export type Silent = Readonly<Record<PoolName, string>>;

/** Asks every address of the pools without traffic once, but of members that are out and of idle spares, all at the same time. Never rejects, and takes no longer than one probe. */
export async function silentPools(probe: ProbeEndpoint, cell: Cell): Promise<Silent> {
  const { record, settings } = cell;
  const idle = Object.entries(sightOf(record.state, settings, record.sight, null)).filter(
    ([pool]) => pool !== record.state.stable,
  );
  const asked = idle.flatMap(([pool, { members, drained, addresses }]) =>
    members
      .filter((member) => !drained.includes(member))
      .flatMap((member) => (addresses[member]?.endpoints ?? []).map((endpoint) => ({ pool, member, endpoint }))),
  );
  const answers = await Promise.all(asked.map((one) => ask(probe, cell, one)));
  return Object.fromEntries(answers.flatMap((answer) => (answer === null ? [] : [answer])));
}

async function ask(
  probe: ProbeEndpoint,
  cell: Cell,
  { pool, member, endpoint }: { readonly pool: PoolName; readonly member: Member; readonly endpoint: Endpoint },
): Promise<[PoolName, string] | null> {
  const answer = await probe(cell.settings.health, endpoint, member);
  return answer.healthy ? null : [pool, `${endpoint} ${answer.reason}`];
}

/** What is known of the pools, less those that do not answer now. */
export function lessSilent(
  readiness: Readonly<Record<PoolName, Readiness>>,
  silent: Silent,
): Readonly<Record<PoolName, Readiness>> {
  const entries = Object.entries(readiness).map(([pool, known]): [PoolName, Readiness] => {
    const reason = silent[pool];
    return [pool, reason === undefined ? known : { ...known, ready: Math.min(known.ready, known.of - 1), reason }];
  });
  return Object.fromEntries(entries);
}
