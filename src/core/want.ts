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
  return same(a, b);
}

/** Whether two values that survive JSON are equal, whatever the order of their keys; parts that two versions share cost nothing. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object" || Array.isArray(a) !== Array.isArray(b))
    return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof typeof a & keyof typeof b>;
  for (const key of keys) if (!same(a[key], b[key])) return false;
  return true;
}

/** The same text for equal values that survive JSON, whatever the order of their keys; a key without a value counts as left out. */
export function canonical(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((inner) => canonical(inner) ?? "null").join(",")}]`;
  const parts: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const inner: unknown = value[key as keyof typeof value];
    if (inner !== undefined) parts.push(`${JSON.stringify(key)}:${canonical(inner)}`);
  }
  return `{${parts.join(",")}}`;
}

/** `5 %`, `0.25 %`: how a share is written for people. */
export function percent(bp: Bp): string {
  return `${bp / 100} %`;
}
