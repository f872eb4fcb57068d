import type { Ms } from "../../core/units.ts";
import type { EventView, MemberView, RolloutView, ServiceView } from "../../core/view.ts";
import { placeOf } from "./course.ts";
import { eventLine } from "./event.ts";
import { healthMark } from "./phase.ts";
import { batchBars } from "./rolling.ts";
import { checksTable, progressLine, rolloutState } from "./rollout.ts";
import { targetsTable } from "./service.ts";
import { glyph, paint, type Style } from "./style.ts";
import { type Cell, type Column, table } from "./table.ts";
import { percent } from "./units.ts";
import { clip, plain } from "./width.ts";

/** What the live view draws: one look, and what has passed since. */
export type Frame = {
  readonly service: ServiceView;
  readonly rollout: RolloutView | null;
  readonly events: readonly EventView[];
  /** Time since the look, to count down between looks. */
  readonly ageMs: Ms;
  /** Why the controller cannot be asked now, or null. */
  readonly trouble: string | null;
  readonly footer: string;
};

type Section = { readonly lines: readonly string[]; readonly keep: number };

/** The screen of a live view, at most `rows` high: what needs attention stays longest. */
export function liveLines(frame: Frame, style: Style, rows: number, now: Ms): string[] {
  const sections = sectionsOf(frame, style, now).filter((section) => section.lines.length > 0);
  const fitting = collapse(sections, Math.max(1, rows - 1));
  return fitting.flatMap((section) => section.lines).map((text) => text.trimEnd());
}

/** In the order of the screen; the larger `keep`, the longer a section stays where there is no room. */
function sectionsOf(frame: Frame, style: Style, now: Ms): Section[] {
  const { service, rollout, trouble } = frame;
  const late =
    trouble === null ? [] : [paint(style, "warn", cut(`${glyph(style, "warn")} not up to date: ${plain(trouble)}`, style))];
  return [
    { keep: 9, lines: [cut(titleLine(service, rollout, style), style)] },
    { keep: 8, lines: late },
    { keep: 7, lines: rollout === null ? [] : stateLines(rollout, service, frame.ageMs, style) },
    { keep: 5, lines: poolsTable(service, rollout, style) },
    { keep: 4, lines: troubledMembers(service, style) },
    { keep: 6, lines: rollout === null || rollout.checks.length === 0 ? [] : checksTable(rollout.checks, style) },
    { keep: 3, lines: needsTargets(service) ? targetsTable(service, style) : [] },
    { keep: 1, lines: frame.events.slice(-5).map((event) => cut(eventLine(event, { ...style, colour: false }, now), style)) },
    { keep: 2, lines: [paint(style, "dim", cut(frame.footer, style))] },
  ];
}

/** Leaves out whole sections, the least important first, and cuts the last one that is left. */
function collapse(sections: readonly Section[], room: number): readonly Section[] {
  let kept = sections;
  const height = () => kept.reduce((sum, section) => sum + section.lines.length, 0);
  while (height() > room && kept.length > 1) {
    const least = Math.min(...kept.map((section) => section.keep));
    kept = kept.filter((section) => section.keep !== least);
  }
  return kept.map((section) => ({ ...section, lines: section.lines.slice(0, room) }));
}

function titleLine(service: ServiceView, rollout: RolloutView | null, style: Style): string {
  if (rollout === null) return `${service.name}   stable ${service.stable}   nothing under way`;
  const version = rollout.version === null ? "" : ` ${plain(rollout.version)}`;
  return `${service.name}   ${rollout.strategy} ${rollout.id}${version}   ${placeOf(rollout, style)}`;
}

function stateLines(rollout: RolloutView, service: ServiceView, ageMs: Ms, style: Style): string[] {
  const counts = rollout.remainingMs !== null && rollout.phase !== "paused";
  const aged = counts ? { ...rollout, remainingMs: Math.max(0, (rollout.remainingMs ?? 0) - ageMs) } : rollout;
  const inNginx = service.applied.shares === null ? null : (service.applied.shares[rollout.to] ?? 0);
  return [
    rolloutState(aged, style),
    ...(rollout.reason === "" ? [] : [cut(plain(rollout.reason), style)]),
    ...(rollout.rolling === null ? [progressLine(rollout, inNginx, style)] : batchBars(rollout.rolling, style)),
  ];
}

const POOL_COLUMNS: readonly Column[] = [
  { title: "POOL" },
  { title: "READY", align: "right" },
  { title: "REQUESTED", align: "right" },
  { title: "IN NGINX", align: "right" },
  { title: "OBSERVED", align: "right" },
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
    ];
  });
  return table(POOL_COLUMNS, rows, style);
}

/** Only what is not ready, with its reason: a hundred good members say nothing. */
function troubledMembers(service: ServiceView, style: Style): string[] {
  const bad = Object.entries(service.pools).flatMap(([pool, { members }]) =>
    members
      .filter((member) => member.health !== "ready" || member.state !== "ready")
      .map((member) => memberLine(pool, member, style)),
  );
  return bad.length <= 4 ? bad : [...bad.slice(0, 3), `${glyph(style, "cut")} ${bad.length - 3} more that are not ready`];
}

function memberLine(pool: string, member: MemberView, style: Style): string {
  const mark = healthMark(style, member.health);
  const state = member.state === "ready" ? "" : `, ${member.state}`;
  const text = `${mark.text}  ${pool} ${plain(member.address)}${state}${member.reason === null ? "" : `: ${plain(member.reason)}`}`;
  return paint(style, mark.tone, cut(text, style));
}

function needsTargets(service: ServiceView): boolean {
  const { targets } = service.applied;
  return targets.length > 1 || targets.some((target) => target.state !== "applied");
}

function cut(text: string, style: Style): string {
  return style.columns === null ? text : clip(text, style.columns, glyph(style, "cut"));
}
