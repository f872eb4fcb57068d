import type { Ms } from "../../core/units.ts";

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  "": 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  M: 2_592_000_000,
  y: 31_536_000_000,
};

/** A duration as nginx writes it (`300ms`, `5`, `1m30s`), in milliseconds; null where it is none. */
export function parseTime(text: string): Ms | null {
  if (!/^(?:\d+(?:ms|[smhdwMy])?\s*)+$/.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|[smhdwMy])?/g)) total += Number(amount) * (UNITS[unit ?? ""] ?? 0);
  return total;
}
