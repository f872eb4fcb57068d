import type { Ms } from "./units.ts";

export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

/**
 * A time in which no rollout starts or goes forward by itself or by command; aborts and commits are not held.
 *
 * `from` and `to` are minutes of the day in `zone` (an IANA name); where `to` is not after `from`, it ends on the next day. `days` are
 * those that it begins on.
 */
export type Freeze = {
  readonly name: string;
  readonly days: readonly Weekday[];
  readonly from: number;
  readonly to: number;
  readonly zone: string;
};

const DAYS: readonly Weekday[] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MINUTE_MS: Ms = 60_000;
const DAY_MINUTES = 1_440;
/** A freeze of every day without a pause never ends; nobody needs to look further ahead. */
const FURTHEST_MINUTES = 8 * DAY_MINUTES;

/** Which freeze holds at `wall`, and at what wall time nothing is frozen any more; null where nothing is frozen. */
export function frozenAt(freezes: readonly Freeze[], wall: Ms): { readonly name: string; readonly until: Ms } | null {
  const now = freezes.find((freeze) => holds(freeze, wall));
  if (now === undefined) return null;
  let until = wall - (wall % MINUTE_MS);
  const last = until + FURTHEST_MINUTES * MINUTE_MS;
  do until += MINUTE_MS;
  while (until < last && freezes.some((freeze) => holds(freeze, until)));
  return { name: now.name, until };
}

function holds({ days, from, to, zone }: Freeze, wall: Ms): boolean {
  const { day, minute } = localTime(wall, zone);
  const today = days.includes(DAYS[day] as Weekday);
  if (to > from) return today && minute >= from && minute < to;
  const yesterday = days.includes(DAYS[(day + 6) % 7] as Weekday);
  return (today && minute >= from) || (yesterday && minute < to);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Day of the week (0 is Sunday) and minute of the day at an instant in a time zone. */
function localTime(wall: Ms, zone: string): { day: number; minute: number } {
  const known = formats.get(zone);
  const format =
    known ??
    new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  if (known === undefined) formats.set(zone, format);
  const parts = Object.fromEntries(format.formatToParts(wall).map(({ type, value }) => [type, value]));
  const day = DAYS.indexOf((parts.weekday ?? "").toLowerCase() as Weekday);
  return { day, minute: Number(parts.hour) * 60 + Number(parts.minute) };
}
