import { InvalidArgumentError } from "commander";
import { parseFraction } from "../config/percent.ts";

const SECONDS = { s: 1, m: 60, h: 3_600 } as const;

/** `50/s`, `3000/m` or `1.5/h` as requests a second. Throws where it is none. */
export function parseRate(text: string): number {
  const { count = "", unit = "" } = /^(?<count>\d{1,9}(?:\.\d{1,6})?)\/(?<unit>[smh])$/.exec(text.trim())?.groups ?? {};
  const rate = Number(count) / SECONDS[unit as keyof typeof SECONDS];
  if (rate > 0) return rate;
  throw new InvalidArgumentError('write how many requests come, such as "50/s" or "300/m".');
}

/** `0.1%` as 0.001. Throws where it is none. */
export function parseErrors(text: string): number {
  const ratio = parseFraction(text.trim());
  if (ratio !== undefined && ratio <= 1) return ratio;
  throw new InvalidArgumentError('write which part of stable\'s requests fail, such as "0.1%".');
}
