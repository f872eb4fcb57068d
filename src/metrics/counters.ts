import type { Ms } from "../core/units.ts";

/**
 * What one endpoint's counters said at one time. Each key is a group, a blank, and the series: the group is what the
 * increase is added to (`of`, `to`, or a bucket's bound). The group `created` counts nothing: it is when the series began, in seconds
 * since 1970, where the page says so.
 */
export type Reading = {
  readonly t: Ms;
  /** When the process started, in seconds since 1970 by its own clock; null where the page does not say. */
  readonly started: number | null;
  readonly series: Readonly<Record<string, number>>;
};

/** The group of the times at which series were created. */
export const CREATED = "created";

/** Linux computes a process' start from a whole second that moves when the clock is set: less than this is no restart. */
const START_JITTER_SECONDS = 1.5;

/**
 * How much each group rose between two reads of one endpoint.
 *
 * Increases are taken per series first, so that one that starts anew takes nothing from the others. A counter that
 * fell started again from 0, and so did all where the process started anew, and one that was created anew. One that is new counts from 0: the endpoint was read
 * before and did not have it.
 */
export function increase(before: Reading, now: Reading): Readonly<Record<string, number>> {
  const restarted = isRestart(before, now);
  const groups: Record<string, number> = {};
  for (const [key, value] of Object.entries(now.series)) {
    const group = groupOf(key);
    if (group === CREATED) continue;
    const anew = restarted || beganAnew(before, now, key.slice(group.length + 1));
    const old = anew ? 0 : (before.series[key] ?? 0);
    groups[group] = (groups[group] ?? 0) + (value < old ? value : value - old);
  }
  return groups;
}

/** What to compare the next read with: series that this page left out keep their last value, or they would count twice. */
export function carry(before: Reading | undefined, now: Reading): Reading {
  if (before === undefined || isRestart(before, now)) return now;
  return { ...now, series: { ...before.series, ...now.series } };
}

export function keyOf(group: string, series: string): string {
  return `${group} ${series}`;
}

export function groupOf(key: string): string {
  return key.slice(0, key.indexOf(" "));
}

/** One series began anew although its process did not: the page gives it another time of creation. */
function beganAnew(before: Reading, now: Reading, series: string): boolean {
  const key = keyOf(CREATED, series);
  const was = before.series[key];
  return was !== undefined && now.series[key] !== undefined && was !== now.series[key];
}

function isRestart(before: Reading, now: Reading): boolean {
  if (before.started === null || now.started === null) return false;
  return Math.abs(now.started - before.started) > START_JITTER_SECONDS;
}
