const MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
type Unit = keyof typeof MS;

/** A timer of Node overflows above 2^31 - 1 ms (24.8 days) and would fire at once; this is below it, and round. */
export const LONGEST_MS = 500 * MS.h;

/** What a duration looks like, for messages and for editors. */
export const DURATION_PATTERN = "^(0|[1-9][0-9]*)(ms|s|m|h)$";

/** `250ms`, `5s`, `10m`, `1h` in milliseconds; undefined for anything else, bare numbers included. */
export function parseDuration(text: string): number | undefined {
  const match = new RegExp(DURATION_PATTERN).exec(text);
  if (match === null) return undefined;
  const ms = Number(match[1]) * MS[match[2] as Unit];
  return ms <= LONGEST_MS ? ms : undefined;
}

/** The shortest text that `parseDuration` reads back as `ms`, which is a whole number from 0 to `LONGEST_MS`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  const unit = (["h", "m", "s"] as const).find((name) => ms % MS[name] === 0) ?? "ms";
  return `${ms / MS[unit]}${unit}`;
}
