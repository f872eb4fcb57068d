import type { Service } from "../config.ts";
import { suggest } from "../nearest.ts";
import type { Path } from "../source.ts";
import { type Judgement, problem, type Subject, warning } from "./rule.ts";

type Rolling = NonNullable<Service["rolling"]>;
type Amount = Rolling["batch"];

/** Who is updated, and whether so many can be missing at a time. */
export function* rollingRules(service: Service, { written, original }: Subject): Iterable<Judgement> {
  const { rolling, pools, stable } = service;
  if (rolling === null) return;
  const base = ["services", service.name, "rolling"];
  if (rolling.pool !== null && !Object.hasOwn(pools, rolling.pool)) {
    const known = Object.keys(pools);
    yield problem([...base, "pool"], `"${rolling.pool}" is not a pool of ${service.name}; ${suggest(rolling.pool, known)}`);
    return;
  }
  if (rolling.rollback === null) {
    const ends = "a rollout that is aborted ends in failed once a member was touched, for a person to mend";
    if (rolling.onFailure === "rollback")
      yield problem(
        [...base, "onFailure"],
        "rollback needs a rollback hook, which is not there; add one, or say pause or continue",
      );
    else yield warning(base, `has no rollback hook: ${ends}`, "key");
  }
  yield* spareRules(service, rolling, base);
  const pool = rolling.pool ?? stable;
  const members = pools[pool]?.members ?? [];
  // Members that the schema refused are none of those that are known.
  const hasUnread = Object.keys(pools).some(
    (name) => pools[name]?.members.length === 0 && hasItems(original(["services", service.name, "pools", name, "members"])),
  );
  // A pool that the file leaves empty gets its members at run time, and the start looks at those.
  if (members.length === 0) return;
  if (!hasUnread) yield* listRules(service, rolling, base);
  yield* roomRules(rolling, { name: pool, members }, base, written);
}

/** Spares belong to one pool, and are nobody's members. */
function* spareRules({ pools }: Service, { spares, pool }: Rolling, base: Path): Iterable<Judgement> {
  const path = [...base, "spares"];
  if (spares.length > 0 && pool === null) yield problem(path, "belong to one pool, and none is named; add pool:", "key");
  for (const [index, spare] of spares.entries()) {
    const of = Object.keys(pools).find((name) => pools[name]?.members.includes(spare) === true);
    if (of !== undefined) yield problem([...path, index], `${spare} is a member of ${of}; a spare must be in no pool`);
    if (spares.indexOf(spare) < index) yield problem([...path, index], `${spare} is a spare already; remove one of the two`);
  }
}

/** `order` and `exclude` name members that there are. */
function* listRules({ pools, name }: Service, rolling: Rolling, base: Path): Iterable<Judgement> {
  const of = rolling.pool === null ? Object.values(pools) : [pools[rolling.pool]];
  const members = of.flatMap((pool) => pool?.members ?? []);
  const whose = rolling.pool === null ? name : rolling.pool;
  for (const key of ["order", "exclude"] as const) {
    for (const [index, member] of rolling[key].entries()) {
      const path = [...base, key, index];
      if (!members.includes(member)) yield problem(path, `${member} is not a member of ${whose}; ${suggest(member, members)}`);
      else if (rolling[key].indexOf(member) < index) yield problem(path, `${member} is there already; remove one of the two`);
    }
  }
}

type Pool = { readonly name: string; readonly members: readonly string[] };

/**
 * What the start of a rollout refuses (`minReadyOf` in core/plan-rolling.ts), with the members that the file names: a batch that leaves nobody, or
 * fewer than `maxUnavailable` allows.
 */
function* roomRules(rolling: Rolling, { name, members }: Pool, base: Path, written: Subject["written"]): Iterable<Judgement> {
  const { spares, exclude, maxUnavailable } = rolling;
  const updated = members.filter((member) => !exclude.includes(member)).length;
  if (updated === 0) {
    yield problem([...base, "exclude"], `leaves no member of ${name} to update; name fewer`);
    return;
  }
  const batch = Math.min(sizeOf(rolling.batch, updated), updated);
  const most = maxUnavailable === null ? Math.max(0, batch - spares.length) : countOf(maxUnavailable, members.length);
  const room = most + spares.length;
  const has = `${name} has ${plural(members.length, "member")}${spares.length === 0 ? "" : ` and ${plural(spares.length, "spare")}`}`;
  const [at, key] =
    written([...base, "batch"]) === undefined ? ([base, "key"] as const) : ([[...base, "batch"], "value"] as const);
  if (members.length + spares.length - batch < 1) {
    const instead = members.length === 1 ? "a pool of one member needs another in spares" : "take a smaller batch, or add spares";
    yield problem(at, `${has}, and a batch takes out ${batch}: none would be left; ${instead}`, key);
  } else if (most >= members.length) {
    const path = [...base, "maxUnavailable"];
    yield problem(path, `${has}, and ${most} may be missing: none would be left; it must be at most ${members.length - 1}`);
  } else if (batch > room) {
    const path = maxUnavailable === null ? at : [...base, "maxUnavailable"];
    yield problem(
      path,
      `${has}, a batch takes out ${batch}, and ${most} may be missing; take a smaller batch, a larger maxUnavailable, or members in spares`,
    );
  } else if (rolling.rollback !== null) {
    const back = Math.min(sizeOf(rolling.rollback.batch, updated), updated);
    if (back > room)
      yield problem(
        [...base, "rollback", "batch"],
        `takes out ${back} at a time, and ${most} of ${name} may be missing; it must be at most ${room}, or maxUnavailable larger`,
      );
  }
}

function hasItems(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

function countOf(amount: Amount, all: number): number {
  return "count" in amount ? amount.count : Math.floor((amount.bp * all) / 10_000);
}

function sizeOf(batch: Amount, all: number): number {
  return Math.max(1, countOf(batch, all));
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
