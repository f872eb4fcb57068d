import type { Unit } from "./verdict.ts";

/** Digits that keep binary fractions such as 0.020000000000000004 out of sight and every digit that a person wrote in. */
const DIGITS = 12;
const SHORT = 4;

/** A value as people write it: `2.3 %` for a ratio of 0.023, `0.43` for a quantile. */
export function amount(value: number, unit: Unit, digits: number = DIGITS): string {
  const figure = Number((unit === "ratio" ? value * 100 : value).toPrecision(digits));
  return unit === "ratio" ? `${figure} %` : String(figure);
}

/** A measured value in four digits, or in as many as tell it from the bound: `2 %, limit < 2 %` would puzzle. */
export function amountBeside(value: number, bound: number, unit: Unit): string {
  const short = amount(value, unit, SHORT);
  return value !== bound && short === amount(bound, unit) ? amount(value, unit) : short;
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
