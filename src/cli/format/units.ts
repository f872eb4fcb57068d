import type { Needed } from "../../core/basis.ts";
import { type Bp, type Ms, type Shares, WHOLE } from "../../core/units.ts";
import { plain } from "./width.ts";

/** `20%`, `12.5%`, `0.01%`: exact, as basis points are. */
export function percent(share: Bp): string {
  return `${share / 100}%`;
}

/** `blue 80%, green 20%`; pools without traffic are left out. */
export function shares(of: Shares | null): string {
  if (of === null) return "-";
  const parts = Object.entries(of)
    .filter(([, share]) => share > 0)
    .map(([pool, share]) => `${pool} ${percent(share)}`);
  return parts.length === 0 ? "-" : parts.join(", ");
}

/** Requests a second of what was observed, or of a pool's share of it: `413`, `0.5`; `-` where nothing counts them. */
export function rateText(observed: Observed, share: Bp = WHOLE): string {
  if (observed === null || observed.windowMs === 0) return "-";
  const perS = ((observed.requests / (observed.windowMs / 1000)) * share) / WHOLE;
  return perS >= 10 ? String(Math.round(perS)) : perS.toFixed(1);
}

type Observed = { readonly requests: number; readonly windowMs: Ms } | null;

/** `00:42`, `1:05:00`: what is left, rounded up, so that it says 00:00 only when it is over. */
export function countdown(ms: Ms): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const tail = `${two(minutes)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}

/** `250ms`, `5s`, `2m 30s`, `1h 5m`: a length of time for a sentence. */
export function duration(ms: Ms): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / 1000);
  const parts = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor((seconds % 3600) / 60), "m"],
    [seconds % 60, "s"],
  ] as const;
  return parts
    .filter(([amount]) => amount > 0)
    .slice(0, 2)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(" ");
}

/** `~300 requests, 40s`: what a verdict still needs, at the present rate; `-` where nothing is missing or nobody knows. */
export function needed(needs: Needed | null): string {
  const requests = needs?.requests == null ? [] : [`~${significant(Number(needs.requests.toPrecision(2)))} requests`];
  const time = needs?.ms == null ? [] : [duration(needs.ms)];
  const parts = [...requests, ...time];
  return parts.length === 0 ? "-" : parts.join(", ");
}

/** The time of day where the reader is, with the date where it is another day than `now` (wall clock). */
export function clock(iso: string | null, now: Ms): string {
  if (iso === null) return "-";
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return plain(iso);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return day(at) === day(new Date(now)) ? time : `${day(at)} ${time}`;
}

/** A measured number: three significant digits, or a share of one where it came from a ratio. */
export function measured(value: number | null, limit: string): string {
  if (value === null) return "-";
  if (limit.includes("%")) return `${significant(value * 100)}%`;
  return significant(value);
}

function significant(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(3)));
}

function day(at: Date): string {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
