import { type Judgement, problem, type Subject, warning } from "./rule.ts";

/** Which pools there are, and who is in them. */
export function* memberRules({ settings }: Subject): Iterable<Judgement> {
  if (Object.keys(settings.services).length === 0)
    yield warning(["services"], "has no service, so Sluice has nothing to do", "key");
  const seen = new Map<string, { readonly service: string; readonly pool: string }>();
  for (const { name, pools, stable, targets } of Object.values(settings.services)) {
    const base = ["services", name];
    const known = Object.keys(pools);
    if (!known.includes(stable))
      yield problem([...base, "stable"], `"${stable}" is not a pool of ${name}; it must be one of ${known.join(", ")}`);
    if (pools[stable]?.members.length === 0) {
      yield warning(
        [...base, "pools", stable, "members"],
        `is empty, and ${stable} is stable: every request is answered 502 until it has a member`,
      );
    }
    for (const [index, target] of targets.entries()) {
      if (!Object.hasOwn(settings.nginx, target)) {
        yield problem(
          [...base, "targets", index],
          `"${target}" is not an nginx target; it must be one of ${Object.keys(settings.nginx).join(", ")}`,
        );
      }
    }
    for (const [pool, { members }] of Object.entries(pools)) {
      for (const [index, member] of members.entries()) {
        yield* again([...base, "pools", pool, "members", index], member, { service: name, pool }, seen);
      }
    }
  }
}

type Place = { readonly service: string; readonly pool: string };

/** Twice in one pool is a slip of the pen; in two, it may be meant, and drains in one while it is served in the other. */
function* again(path: readonly (string | number)[], member: string, here: Place, seen: Map<string, Place>): Iterable<Judgement> {
  const before = seen.get(member.toLowerCase());
  if (before === undefined) seen.set(member.toLowerCase(), here);
  else if (before.service === here.service && before.pool === here.pool)
    yield problem(path, `${member} is in this pool already; remove one of the two`);
  else {
    const where = `pool ${before.pool} of ${before.service}`;
    yield warning(path, `${member} is also in ${where}; taken out in one place, it still gets requests from the other`);
  }
}
