/** Numbers as people read them. Shares are basis points, durations milliseconds. */

/** `25\u202f%`, `12.5 %`, `0.02 %`. */
export function percentOfBp(bp: number): string {
  return `${trim((bp / 100).toFixed(2))}\u202f%`;
}

/** A part (0 to 1) as a percentage with three digits that mean something. */
export function percentOf(part: number): string {
  const percent = part * 100;
  if (percent === 0) return "0\u202f%";
  return `${trim(percent >= 10 ? percent.toFixed(1) : percent.toPrecision(2))}\u202f%`;
}

/** `1 203`: digits in threes. */
export function count(n: number): string {
  return Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

/** Requests a second: `412`, `4.2`, `0.03`. */
export function rate(perS: number): string {
  if (perS >= 100) return count(perS);
  if (perS === 0) return "0";
  return trim(perS >= 10 ? perS.toFixed(0) : perS.toPrecision(2));
}

/** `42 s`, `4 min 05 s`, `2 h 10 min`. */
export function duration(ms: number): string {
  const s = Math.ceil(Math.max(0, ms) / 1_000);
  if (s < 60) return `${s} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min${s % 60 === 0 ? "" : ` ${pad(s % 60)} s`}`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h${s % 3_600 < 60 ? "" : ` ${pad(Math.floor((s % 3_600) / 60))} min`}`;
  return `${Math.floor(s / 86_400)} d${s % 86_400 < 3_600 ? "" : ` ${Math.floor((s % 86_400) / 3_600)} h`}`;
}

/** A latency: `3 ms`, `1.2 s`. */
export function latency(ms: number): string {
  if (ms >= 1_000) return `${trim((ms / 1_000).toPrecision(2))} s`;
  return `${ms >= 10 ? Math.round(ms) : trim(ms.toPrecision(2))} ms`;
}

/** How long ago, in one unit: `just now`, `12 s ago`, `3 min ago`. */
export function ago(ms: number): string {
  if (ms < 2_000) return "just now";
  if (ms < 60_000) return `${Math.floor(ms / 1_000)} s ago`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ago`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h ago`;
  return `${Math.floor(ms / 86_400_000)} d ago`;
}

/** An instant on the reader's clock: `14:03:07`, with the day where it is another one. */
export function clockTime(iso: string, now: Date): string {
  const time = timeOfDay(new Date(iso));
  return dayOf(iso) === dayOf(now) ? time : `${dayOf(iso)} ${time}`;
}

/** `14:03:07`, on the reader's clock. */
export function timeOfDay(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(pad).join(":");
}

/** `2026-03-01`, on the reader's calendar. */
export function dayOf(instant: string | Date): string {
  const at = new Date(instant);
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
}

function pad(n: number): string {
  return String(n).padStart(2, "0");
}

function trim(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
