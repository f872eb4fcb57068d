import type { Ms } from "../../core/units.ts";
import type { EventView, RolloutView, ServiceView } from "../../core/view.ts";
import { placeOf } from "./course.ts";
import { eventLine } from "./event.ts";
import { checksSection } from "./live-checks.ts";
import { membersSection } from "./live-members.ts";
import { batchBars } from "./rolling.ts";
import { rolloutState } from "./rollout.ts";
import { type Section, withinRows } from "./section.ts";
import { targetsTable } from "./service.ts";
import { glyph, paint, type Style, type Tone } from "./style.ts";
import { type Cell, type Column, table } from "./table.ts";
import { trackLine } from "./track.ts";
import { percent, rateText } from "./units.ts";
import { clip, plain, width } from "./width.ts";

/** What the live view draws: one look, and what has passed since. */
export type Frame = {
  readonly service: ServiceView;
  readonly rollout: RolloutView | null;
  readonly events: readonly EventView[];
  /** Time since the look, to count down between looks. */
  readonly ageMs: Ms;
  /** Why the controller cannot be asked now, or null. */
  readonly trouble: string | null;
  /** What the last key did or asks, or null. */
  readonly notice: { readonly text: string; readonly tone: Tone } | null;
  /** What keys can be pressed, such as `p promote`. */
  readonly keys: readonly string[];
  readonly footer: string;
};

/** The screen of a live view, at most `rows` high: what needs attention stays longest. */
export function liveLines(frame: Frame, style: Style, rows: number, now: Ms): string[] {
  return withinRows(sectionsOf(frame, style, now), Math.max(1, rows - 1)).map((text) => text.trimEnd());
}

/** In the order of the screen. */
function sectionsOf(frame: Frame, style: Style, now: Ms): Section[] {
  const { service, rollout, trouble, notice } = frame;
  const late = trouble === null ? [] : [toned("warn", `${glyph(style, "warn")} not up to date: ${plain(trouble)}`, style)];
  const events = frame.events.slice(-EVENTS).map((event) => cut(eventLine(event, { ...style, colour: false }, now), style));
  return [
    { keep: 10, lines: [titleLine(service, rollout, style)] },
    { keep: 9, lines: late },
    { keep: 8, lines: rollout === null ? [] : stateLines(rollout, service, frame.ageMs, style) },
    { keep: 5, lines: poolsTable(service, rollout, style) },
    checksSection(rollout?.checks ?? [], style, 6),
    membersSection(service, style, 1),
    { keep: 4, lines: needsTargets(service) ? targetsTable(service, style) : [] },
    { keep: 2, lines: events, least: 1, shorten: (rows) => events.slice(-rows) },
    { keep: 9, lines: notice === null ? [] : [toned(notice.tone, plain(notice.text), style)] },
    { keep: 7, lines: [footLine(frame, style)] },
  ];
}

const EVENTS = 5;

/** What the keys do and what Ctrl-C does; where there is no room for both, the keys. */
function footLine({ keys, footer }: Frame, style: Style): string {
  const pressed = keys.join("  ");
  const all = [pressed, footer].filter((text) => text !== "").join("   ");
  const fits = style.columns === null || width(all) <= style.columns || keys.length === 0;
  return toned("dim", fits ? all : pressed, style);
}

function toned(tone: Tone, text: string, style: Style): string {
  return paint(style, tone, cut(text, style));
}

function titleLine(service: ServiceView, rollout: RolloutView | null, style: Style): string {
  if (rollout === null) return cut(`${service.name}   stable ${service.stable}   nothing under way`, style);
  const version = rollout.version === null ? "" : ` ${plain(rollout.version)}`;
  const rest = cut(
    `   ${rollout.strategy} ${rollout.id}${version}   ${placeOf(rollout, style)}`,
    less(style, width(service.name)),
  );
  return `${paint(style, "bold", cut(service.name, style))}${rest}`;
}

function stateLines(rollout: RolloutView, service: ServiceView, ageMs: Ms, style: Style): string[] {
  const counts = rollout.remainingMs !== null && rollout.phase !== "paused";
  const aged = counts ? { ...rollout, remainingMs: Math.max(0, (rollout.remainingMs ?? 0) - ageMs) } : rollout;
  const inNginx = service.applied.shares === null ? null : (service.applied.shares[rollout.to] ?? 0);
  return [
    whole(style, (as) => rolloutState(aged, as)),
    ...(rollout.reason === "" ? [] : [cut(plain(rollout.reason), style)]),
    ...(rollout.rolling === null ? [trackLine(rollout, inNginx, style)] : batchBars(rollout.rolling, style)),
  ];
}

const POOL_COLUMNS: readonly Column[] = [
  { title: "POOL" },
  { title: "READY", align: "right" },
  { title: "REQUESTED", align: "right" },
  { title: "IN NGINX", align: "right" },
  { title: "OBSERVED", align: "right" },
  { title: "REQ/S", align: "right" },
];

function poolsTable(service: ServiceView, rollout: RolloutView | null, style: Style): string[] {
  const rows = Object.entries(service.pools).map(([name, pool]): Cell[] => {
    const ready = pool.members.filter((member) => member.health === "ready").length;
    const tone = ready === pool.members.length ? "good" : "warn";
    const { applied, observed } = service;
    return [
      name === rollout?.to ? { text: name, tone: "bold" } : name,
      { text: `${ready}/${pool.members.length} ${glyph(style, tone)}`, tone },
      percent(service.wanted.shares[name] ?? 0),
      applied.shares === null ? "-" : percent(applied.shares[name] ?? 0),
      observed === null ? "-" : percent(observed.shares[name] ?? 0),
      rateText(observed, observed?.shares[name] ?? 0),
    ];
  });
  return table(POOL_COLUMNS, rows, style);
}

function needsTargets(service: ServiceView): boolean {
  const { targets } = service.applied;
  return targets.length > 1 || targets.some((target) => target.state !== "applied");
}

function cut(text: string, style: Style): string {
  return style.columns === null ? text : clip(text, style.columns, glyph(style, "cut"));
}

/** What paints a part of a line: where that has no room, it is cut, and stays without colour. */
function whole(style: Style, draw: (style: Style) => string): string {
  const bare = draw({ ...style, colour: false });
  return style.columns === null || width(bare) <= style.columns ? draw(style) : cut(bare, style);
}

function less(style: Style, columns: number): Style {
  return style.columns === null ? style : { ...style, columns: Math.max(0, style.columns - columns) };
}
