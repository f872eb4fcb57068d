import { eventLine } from "../cli/format/event.ts";
import { checksTable, progressLine, rolloutState } from "../cli/format/rollout.ts";
import { glyph, paint, type Style, type Tone } from "../cli/format/style.ts";
import { type Cell, type Column, table } from "../cli/format/table.ts";
import { countdown } from "../cli/format/units.ts";
import { clip, plain } from "../cli/format/width.ts";
import type { Ms } from "../core/units.ts";
import type { EventView, RolloutView, ServiceView } from "../core/view.ts";
import type { VersionCounts } from "./tally.ts";

/** What clients saw up to now. */
export type Seen = {
  readonly versions: readonly VersionCounts[];
  /** The part of each version in the last second, 0 to 1; null where all is over. */
  readonly now: ReadonlyMap<string, number> | null;
  readonly total: number;
  readonly lost: number;
};

/** One drawing of the demo. */
export type Picture = {
  /** What this part is called, what will happen, and the command. */
  readonly heading: readonly string[];
  readonly seen: Seen;
  /** Which pool runs a version now. */
  readonly poolOf: (version: string) => string | null;
  readonly service: ServiceView;
  /** The rollout of this part, or null before it. */
  readonly rollout: RolloutView | null;
  /** Time since the controller was asked, to count down between two looks. */
  readonly ageMs: Ms;
  readonly trouble: string | null;
  readonly events: readonly EventView[];
  readonly footer: string;
};

/** Journal lines that are shown where there is room. */
const JOURNAL_MOST = 8;

/** The live view, exactly as high while a part lasts, and lower than `rows`. */
export function pictureLines(picture: Picture, style: Style, rows: number, wall: Ms): string[] {
  const cut = (text: string) => (style.columns === null ? text : clip(text, style.columns, glyph(style, "cut")));
  const top = [
    ...picture.heading,
    "",
    ...seenLines(picture.seen, picture.poolOf, style),
    "",
    ...rolloutLines(picture, style, cut),
    "",
  ];
  const bottom = ["", paint(style, "dim", cut(picture.footer))];
  const room = Math.max(0, Math.min(JOURNAL_MOST, rows - 1 - top.length - bottom.length));
  const journal = room === 0 ? [] : picture.events.slice(-room).map((event) => journalLine(event, style, wall));
  const padding = Array.from({ length: room - journal.length }, () => "");
  return [...top, ...journal, ...padding, ...bottom].slice(0, Math.max(1, rows - 1)).map((text) => text.trimEnd());
}

/** Without the rollout's id, which is the same in every line. Cut before it is painted, so that no colour runs out. */
function journalLine(event: EventView, style: Style, wall: Ms): string {
  const text = eventLine({ ...event, rollout: null }, { ...style, colour: false }, wall);
  const fitting = style.columns === null ? text : clip(text, style.columns, glyph(style, "cut"));
  return paint(style, JOURNAL_TONES[event.kind] ?? "none", fitting);
}

const JOURNAL_TONES: Readonly<Record<string, Tone>> = { verdict: "dim", reverting: "bad", reverted: "bad", promoted: "good" };

const VERSION_COLUMNS: readonly Column[] = [{ title: "VERSION" }, { title: "RUNS ON" }];
const NOW_COLUMNS: readonly Column[] = [{ title: "CLIENTS SEE NOW" }, { title: "", align: "right" }];
const COUNT_COLUMNS: readonly Column[] = [
  { title: "200", align: "right" },
  { title: "500", align: "right" },
];
const BAR_CELLS = 20;

/** A line per version that clients met, with its part of the last second and all of its answers, and how many got none. */
export function seenLines(seen: Seen, poolOf: Picture["poolOf"], style: Style): string[] {
  const rows = seen.versions.map(({ version, good, failed }): Cell[] => [
    version,
    poolOf(version) ?? "-",
    ...(seen.now === null ? [] : nowCells(seen.now.get(version) ?? 0, style)),
    String(good),
    failed === 0 ? "0" : { text: String(failed), tone: "bad" },
  ]);
  const columns = [...VERSION_COLUMNS, ...(seen.now === null ? [] : NOW_COLUMNS), ...COUNT_COLUMNS];
  return [...table(columns, rows, style), lostLine(seen, style)];
}

/** `share` from 0 to 1. */
function nowCells(share: number, style: Style): Cell[] {
  const full = Math.round(share * BAR_CELLS);
  const bar = glyph(style, "full").repeat(full) + glyph(style, "empty").repeat(BAR_CELLS - full);
  return [{ text: bar, tone: share > 0 ? "accent" : "dim" }, `${Math.round(share * 100)}%`];
}

function lostLine({ total, lost }: Seen, style: Style): string {
  const mark = lost === 0 ? "good" : "bad";
  return `${total} requests, ${paint(style, mark, `${glyph(style, mark)} ${lost} lost`)}`;
}

/** Five lines, whatever there is to say, so that nothing below them jumps. */
function rolloutLines(picture: Picture, style: Style, cut: (text: string) => string): string[] {
  const { rollout, service, ageMs, trouble } = picture;
  if (trouble !== null) return filled([paint(style, "warn", cut(`${glyph(style, "warn")} ${plain(trouble)}`))]);
  if (rollout === null) return filled([paint(style, "dim", `nothing under way: ${service.stable} carries the traffic`)]);
  const left = rollout.remainingMs === null ? null : Math.max(0, rollout.remainingMs - ageMs);
  const inNginx = service.applied.shares?.[rollout.to] ?? null;
  const checks = rollout.checks.length === 0 ? [] : checksTable(rollout.checks, style);
  return filled([
    rolloutState({ ...rollout, remainingMs: left }, style),
    cut(plain(rollout.reason)),
    progressLine(rollout, inNginx, style),
    ...checks,
  ]);
}

const ROLLOUT_LINES = 5;

function filled(lines: readonly string[]): string[] {
  return Array.from({ length: ROLLOUT_LINES }, (_, index) => lines[index] ?? "");
}

/** `00:42   Ctrl-C ends the demo`. */
export function footerLine(elapsedMs: Ms, text: string): string {
  const whole = Math.floor(elapsedMs / 1_000) * 1_000;
  return `${countdown(whole)}   ${text}`;
}
