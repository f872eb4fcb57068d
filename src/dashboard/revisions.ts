import type { RevisionView } from "../core/view.ts";

/** Brought what users got from then on: not one that went back, and not an update of a pool that had no traffic. */
export function becameStable({ result, to, stable }: RevisionView): boolean {
  return result !== "reverted" && to === stable;
}

/**
 * What an undo goes back to: the newest revision that was stable before the present one and brought something else. Where members were
 * left on what was to be reverted, that is the present one itself.
 */
export function previousOf(all: readonly RevisionView[], pool: string): RevisionView | null {
  const [current, ...before] = all.filter(becameStable);
  if (current === undefined) return null;
  const last = all.find(
    ({ to, strategy, result, left }) => to === pool && (strategy !== "rolling" || result !== "reverted" || left.length > 0),
  );
  if (last !== undefined && last.left.length > 0) return current;
  return before.find((one) => !broughtSame(one, current, all)) ?? null;
}

/** As far as anybody said: the same version, or the same revision gone back to. */
function broughtSame(a: RevisionView, b: RevisionView, all: readonly RevisionView[]): boolean {
  const origin = ({ number, undoes }: RevisionView): number => {
    const from = all.find((one) => one.number === undoes);
    return undoes === null ? number : from === undefined ? undoes : origin(from);
  };
  return a.to === b.to && (origin(a) === origin(b) || (a.version !== null && a.version === b.version));
}

/** What a revision brought, in words. */
export function contentOf({ version, to }: RevisionView): string {
  return version === null ? to : `${version} on ${to}`;
}
