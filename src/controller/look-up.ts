import type { Resolve } from "../core/ports.ts";
import type { Endpoint, Member } from "../core/units.ts";
import type { Sight } from "./service-state.ts";

/** What the resolver says of a member; a failure is a value. */
export type Found = { readonly endpoints: readonly Endpoint[]; readonly problem: string | null };

export async function find(member: Member, resolve: Resolve): Promise<Found> {
  return resolve(member).then(
    (endpoints) => ({ endpoints, problem: null }),
    (error: unknown) => ({ endpoints: [], problem: error instanceof Error ? error.message : String(error) }),
  );
}

/**
 * The addresses of members that have none yet. A pool must not be told to nginx before each of its members was looked up
 * once: it would be empty, and nginx would answer 502.
 */
export async function lookUp(members: readonly Member[], sight: Sight, resolve: Resolve): Promise<Sight["addresses"]> {
  const unknown = members.filter((member) => (sight.addresses[member]?.endpoints ?? []).length === 0);
  return Object.fromEntries(await Promise.all(unknown.map(async (member) => [member, await find(member, resolve)] as const)));
}
