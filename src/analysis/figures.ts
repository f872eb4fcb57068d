import type { Unit } from "./verdict.ts";

/** Digits that keep binary fractions such as 0.020000000000000004 out of sight and every digit that a person wrote in. */
const DIGITS = 12;

/** A value as people write it: `2.3 %` for a ratio of 0.023, `0.43` for a quantile. */
export function amount(value: number, unit: Unit): string {
  return unit === "ratio" ? `${short(value * 100)} %` : short(value);
}

/** `412 requests`, `1 observation`. */
export function countOf(samples: number, unit: Unit): string {
  const noun = unit === "ratio" ? "request" : "observation";
  return `${samples} ${noun}${samples === 1 ? "" : "s"}`;
}

/** Whole seconds where there are more than ten, else with a decimal. Rounded down: a window is never shown full before it is. */
export function secondsText(ms: number): string {
  return `${ms < 10_000 ? Math.floor(ms / 100) / 10 : Math.floor(ms / 1000)} s`;
}

/** Four digits, unless fewer say the same; large numbers whole. */
function short(value: number): string {
  if (Math.abs(value) >= 1000) return String(Number(value.toPrecision(DIGITS)));
  return String(Number(value.toPrecision(4)));
}
