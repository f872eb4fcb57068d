import { never } from "../../core/units.ts";
import type { RollingMemberState, RollingMemberView, RollingView } from "../../core/view.ts";
import type { Mark } from "./phase.ts";
import { type GlyphName, glyph, paint, type Style, type Tone } from "./style.ts";
import { type Cell, type Column, table } from "./table.ts";
import { clip, plain } from "./width.ts";

const COLUMNS: readonly Column[] = [
  { title: "BATCH", align: "right" },
  { title: "MEMBER", shrinks: true },
  { title: "STATE" },
  { title: "VERSION", shrinks: true },
  { title: "REASON", shrinks: true },
];

/** Every member of a rolling update: where it is, and what it runs as far as that is known. */
export function rollingTable({ members }: RollingView, style: Style): string[] {
  const rows = members.map((member): Cell[] => [
    member.batch === null ? "spare" : String(member.batch),
    member.address,
    memberMark(style, member),
    versionOf(member),
    member.reason ?? "",
  ]);
  return table(COLUMNS, rows, style);
}

function versionOf({ runs, version }: RollingMemberView): string {
  if (runs === "unknown") return "maybe new";
  return runs === "new" ? (version ?? "new") : "as before";
}

function memberMark(style: Style, { state }: RollingMemberView): Mark {
  const name = glyphOf(state);
  return { text: `${glyph(style, name)} ${state}`, tone: TONES[name] ?? "none" };
}

const TONES: Readonly<Partial<Record<GlyphName, Tone>>> = {
  good: "good",
  bad: "bad",
  warn: "warn",
  busy: "accent",
  next: "dim",
};

function glyphOf(state: RollingMemberState): GlyphName {
  switch (state) {
    case "updated":
    case "rolled-back":
      return "good";
    case "failed":
      return "bad";
    case "skipped":
    case "excluded":
      return "warn";
    case "pending":
    case "untouched":
      return "next";
    case "draining":
    case "deploying":
    case "checking":
    case "returning":
    case "monitoring":
    case "rolling-back":
      return "busy";
    default:
      return never(state);
  }
}

// --- bars -----------------------------------------------------------------------------------------------------------

/** How far a member is in its batch, 0 to 1. */
const DONE: Readonly<Record<RollingMemberState, number>> = {
  pending: 0,
  untouched: 0,
  draining: 0.15,
  deploying: 0.35,
  "rolling-back": 0.35,
  checking: 0.55,
  returning: 0.75,
  monitoring: 0.9,
  updated: 1,
  skipped: 1,
  excluded: 1,
  failed: 1,
  "rolled-back": 1,
};

const CELLS = 20;

/** A bar for each batch, spares first, under one for all: `batch 2 of 3 |████░░░░| deploying  10.0.0.3:80`. */
export function batchBars(rolling: RollingView, style: Style): string[] {
  const { members, batches } = rolling;
  const spares = members.filter(({ spare }) => spare);
  const rows = [
    { label: "all", members: members.filter(({ spare }) => !spare), text: settledText(rolling) },
    ...(spares.length === 0 ? [] : [{ label: "spares", members: spares, text: statesText(spares) }]),
    ...Array.from({ length: batches }, (_, index) => {
      const batch = members.filter((member) => member.batch === index + 1);
      return { label: `batch ${index + 1} of ${batches}`, members: batch, text: statesText(batch) };
    }),
  ];
  const width = Math.max(...rows.map(({ label }) => label.length));
  return rows.map(({ label, members: some, text }) =>
    cut(`${label.padEnd(width)} ${bar(some, style)} ${text}`, toneOf(some), style),
  );
}

function bar(members: readonly RollingMemberView[], style: Style): string {
  const sum = members.reduce((total, { state }) => total + DONE[state], 0);
  const full = members.length === 0 ? 0 : Math.floor((sum / members.length) * CELLS);
  return `|${glyph(style, "full").repeat(full)}${glyph(style, "empty").repeat(CELLS - full)}|`;
}

/** `2 of 6 updated, 1 failed`. */
export function settledText({ members, goingBack }: RollingView): string {
  const all = members.filter(({ spare }) => !spare);
  const count = (state: RollingMemberState) => all.filter((member) => member.state === state).length;
  const main = goingBack
    ? `${count("rolled-back")} of ${all.length} rolled back`
    : `${count("updated")} of ${all.length} updated`;
  const rest = (["failed", "skipped", "excluded"] as const).flatMap((state) =>
    count(state) === 0 ? [] : `${count(state)} ${state}`,
  );
  return [main, ...rest].join(", ");
}

/** `deploying 10.0.0.3:80, 10.0.0.4:80`; each state with its members. */
function statesText(members: readonly RollingMemberView[]): string {
  const states = [...new Set(members.map(({ state }) => state))];
  return states
    .map((state) => `${state} ${members.flatMap((one) => (one.state === state ? plain(one.address) : [])).join(", ")}`)
    .join("; ");
}

function toneOf(members: readonly RollingMemberView[]): Tone {
  if (members.some(({ state }) => state === "failed")) return "bad";
  return members.every(({ state }) => state === "pending" || state === "untouched") ? "dim" : "none";
}

function cut(text: string, tone: Tone, style: Style): string {
  return paint(style, tone, style.columns === null ? text : clip(text, style.columns, glyph(style, "cut")));
}
