import type { Want } from "./route.ts";
import { type Bp, type PoolName, type Shares, WHOLE } from "./units.ts";

/** All of the traffic on one pool. */
export function wholly(pool: PoolName): Shares {
  return { [pool]: WHOLE };
}

/** `bp` of the traffic on `to`, the rest on `from`; a pool without traffic is left out. */
export function split(from: PoolName, to: PoolName, bp: Bp): Shares {
  if (bp === 0) return wholly(from);
  if (bp === WHOLE) return wholly(to);
  return { [from]: WHOLE - bp, [to]: bp };
}

export function shareOf(shares: Shares, pool: PoolName): Bp {
  return shares[pool] ?? 0;
}

/** All traffic on `base`, ready to move to `other` without a reload. Also what a rollout goes back to. */
export function resting(base: PoolName, other: PoolName | null, seed: string): Want {
  return { shares: wholly(base), base, other, seed, out: [], ease: {}, preview: false };
}

/** `bp` of the traffic on `to`, while `from` stays the rendered default. */
export function moving(from: PoolName, to: PoolName, bp: Bp, seed: string): Want {
  return { ...resting(from, to, seed), shares: split(from, to, bp) };
}

export function sameWant(a: Want, b: Want): boolean {
  return canonical(a) === canonical(b);
}

/** The same text for equal values, whatever the order of their keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}

/** `5 %`, `0.25 %`: how a share is written for people. */
export function percent(bp: Bp): string {
  return `${bp / 100} %`;
}
