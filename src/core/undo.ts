import { Refusal } from "./errors.ts";
import { becameStable, broughtSomething, type Revision, sameContent } from "./revision.ts";
import type { Readiness, Strategy, Undo } from "./rollout.ts";
import type { ServiceSettings } from "./service.ts";
import type { Member, PoolName } from "./units.ts";

/** How a revision is gone back to. */
export type WayBack = {
  readonly undo: Undo;
  readonly strategy: Strategy;
  readonly to: PoolName;
  readonly version: string | null;
  /** All traffic at once, without checks, bake and gates. */
  readonly instant: boolean;
};

/** What an undo has to know of a service as it is now. */
export type Present = {
  readonly settings: ServiceSettings;
  readonly stable: PoolName;
  readonly readiness: Readonly<Record<PoolName, Readiness>>;
  members(pool: PoolName): readonly Member[];
};

/** What is undone to: a number, or null for the newest that was stable before, and brought something else. */
export function wayBackTo(wanted: number | null, newestFirst: readonly Revision[], present: Present): WayBack {
  const { settings, stable } = present;
  const current = newestFirst.find((one) => becameStable(one)) ?? null;
  const mixed = isMixed(newestFirst, stable);
  const before = mixed ? current : null;
  const target =
    wanted === null ? (before ?? previous(newestFirst, current, settings.name)) : named(wanted, newestFirst, settings.name);
  if (current !== null && sameContent(target, current) && target.to === stable && !mixed)
    throw new Refusal(
      "already-stable",
      `revision ${target.number} is what is stable already: ${contentOf(target)}`,
      `see them all: sluice history ${settings.name}`,
    );
  refuseChangedMembers(target, present);
  const undo: Undo = { revision: target.number, brings: target.brings };
  const { to, version } = target;
  if (to === stable) return { ...inPlace(target, mixed ? null : current, settings), undo, to, version, instant: false };
  refuseOtherContent(target, newestFirst, settings.name);
  const ready = present.readiness[to];
  const isWarm = ready !== undefined && ready.of > 0 && ready.ready === ready.of;
  const strategy = isWarm ? "blue-green" : strategyFor(target, settings);
  return { undo, strategy, to, version, instant: isWarm };
}

/** Some members of the pool with the traffic run what was to be reverted: then what is stable is what to go back to. */
function isMixed(newestFirst: readonly Revision[], stable: PoolName): boolean {
  const last = newestFirst.find((one) => one.to === stable && broughtSomething(one));
  return last !== undefined && last.left.length > 0;
}

function previous(newestFirst: readonly Revision[], current: Revision | null, service: string): Revision {
  const before = newestFirst.filter((one) => becameStable(one) && one !== current);
  const found = before.find((one) => current !== null && !sameContent(one, current));
  if (found !== undefined) return found;
  throw new Refusal(
    "nothing-to-undo",
    current === null || current.number === 0
      ? `nothing of ${service} has become stable that could be undone`
      : `${service} has no earlier revision than ${current.number} that was stable, or it is no longer kept`,
    `see what there is: sluice history ${service}`,
  );
}

function named(number: number, newestFirst: readonly Revision[], service: string): Revision {
  const found = newestFirst.find((one) => one.number === number);
  const hint = `see what there is: sluice history ${service}`;
  if (found === undefined)
    throw new Refusal("unknown-revision", `${service} has no revision ${number}, or it is no longer kept`, hint);
  if (becameStable(found)) return found;
  const why =
    found.result === "reverted" ? "its rollout went back" : `it updated ${found.to} while the traffic was on ${found.stable}`;
  throw new Refusal("nothing-to-undo", `revision ${number} of ${service} was never stable: ${why}`, hint);
}

/** Members by hand or by configuration: what stood behind a revision is gone where they are others now. */
function refuseChangedMembers(target: Revision, { settings, members }: Present): void {
  const { to } = target;
  const now = to in settings.pools ? members(to) : null;
  if (now === null)
    throw new Refusal(
      "changed-since",
      `revision ${target.number} is of the pool ${to}, which ${settings.name} has no longer`,
      null,
    );
  const then = target.members;
  if (then !== null && sameMembers(now, then)) return;
  const list = (all: readonly Member[]) => all.join(", ") || "none";
  const was = then === null ? "nobody wrote down which they were" : `they were ${list(then)} then`;
  throw new Refusal(
    "changed-since",
    `the members of ${to} have changed since revision ${target.number}: they are ${list(now)}, ${was}`,
    startAnew(target, settings),
  );
}

function sameMembers(a: readonly Member[], b: readonly Member[]): boolean {
  return a.length === b.length && a.every((member) => b.includes(member));
}

/** A pool that something else was brought to since then no longer runs what that revision brought. */
function refuseOtherContent(target: Revision, newestFirst: readonly Revision[], service: string): void {
  const last = newestFirst.find((one) => one.to === target.to && broughtSomething(one));
  if (last === undefined || last === target || sameContent(last, target)) return;
  const version = last.version === null ? "" : ` (${last.version})`;
  throw new Refusal(
    "changed-since",
    `${target.to} no longer runs what revision ${target.number} brought: ${last.rollout}${version} came after it, and was ${last.result}`,
    `bring it back to ${target.to}, then: sluice switch ${service} ${target.to}${target.version === null ? "" : ` --version ${target.version}`}`,
  );
}

/** The pool has the traffic, with something else in it: only what updates members in place can bring the old version back. */
function inPlace(target: Revision, current: Revision | null, settings: ServiceSettings): { readonly strategy: "rolling" } {
  const since = current === null ? ", and some of its members run something else" : `, and runs ${contentOf(current)} since`;
  const why = `${target.to} is stable already${since}: going back to revision ${target.number} means to update its members`;
  if (settings.rolling === null || (settings.rolling.pool !== null && settings.rolling.pool !== target.to))
    throw new Refusal("changed-since", `${why}, and no \`rolling:\` of ${settings.name} says how`, startAnew(target, settings));
  if (target.version === null)
    throw new Refusal(
      "changed-since",
      `${why}, and nobody said which version that was`,
      `name it: sluice start ${settings.name} --strategy rolling --version VERSION`,
    );
  return { strategy: "rolling" };
}

/** The one that the revision itself was made by, where it is still configured; a canary where there is one. */
function strategyFor({ strategy }: Revision, { canary }: ServiceSettings): Strategy {
  if (strategy === "blue-green") return "blue-green";
  return canary === null ? "blue-green" : "canary";
}

function startAnew({ version, to }: Revision, { name, rolling }: ServiceSettings): string {
  if (rolling !== null) return `update it: sluice start ${name} --strategy rolling --version ${version ?? "VERSION"}`;
  return `where ${to} is as it should be: sluice switch ${name} ${to}`;
}

function contentOf({ number, to, version }: Revision): string {
  return `${version ?? `what revision ${number} brought`} on ${to}`;
}
