import type { VerdictIs } from "../../core/rollout.ts";
import type { CheckView } from "../../core/view.ts";
import { verdictMark } from "./phase.ts";
import { firstOf, type Section } from "./section.ts";
import { glyph, paint, type Style } from "./style.ts";
import { type Cell, type Column, table } from "./table.ts";
import { barOf } from "./track.ts";
import { measured, needed } from "./units.ts";

/** What needs attention comes first where not all have room. */
const URGENCY: Readonly<Record<VerdictIs, number>> = { fail: 0, error: 1, inconclusive: 2, pass: 3 };
/** From this width on there is room for what a check says of itself. */
const TEXT_FROM = 100;
/** Below this the bar would leave no room for what is missing. */
const BAR_FROM = 80;
const CELLS = 10;

/** Every check with its value, limit, samples and verdict, and how far it is towards one. */
export function checksSection(checks: readonly CheckView[], style: Style, keep: number): Section {
  const urgent = checks.toSorted((a, b) => URGENCY[a.is] - URGENCY[b.is]);
  const draw = (some: readonly CheckView[]) => checksTable(some, checks, style);
  return {
    keep,
    lines: checks.length === 0 ? [] : draw(checks),
    shorten: (rows) => firstOf(urgent, rows, draw, (left) => more(left, style)),
  };
}

function more(left: readonly CheckView[], style: Style): string {
  const passed = left.every(({ is }) => is === "pass");
  return paint(style, "dim", `${glyph(style, "cut")} ${left.length} more ${passed ? "that pass" : "checks"}`);
}

/** `all` decides about the columns, so that they stay where they are. */
function checksTable(some: readonly CheckView[], all: readonly CheckView[], style: Style): string[] {
  const lacking = all.some((check) => check.needed !== null);
  const roomy = style.columns === null || style.columns >= TEXT_FROM;
  const columns: readonly Column[] = [
    { title: "CHECK", shrinks: true },
    { title: "VERDICT" },
    { title: "VALUE", align: "right" },
    { title: "LIMIT", shrinks: true },
    { title: "SAMPLES", align: "right" },
    ...(lacking ? [{ title: "TOWARDS A VERDICT", shrinks: true } as const] : []),
    ...(roomy ? [{ title: "WHY", shrinks: true } as const] : []),
  ];
  const rows = some.map((check): Cell[] => [
    check.name,
    verdictMark(style, check.is),
    measured(check.value, check.limit),
    check.limit,
    check.samples === null ? "-" : String(check.samples),
    ...(lacking ? [towards(check, style)] : []),
    ...(roomy ? [check.text] : []),
  ]);
  return table(columns, rows, style);
}

/** How much of what a verdict needs is there, and what is missing: `█████░░░░░ ~300 requests, 40s`. */
function towards({ samples, needed: missing }: CheckView, style: Style): string {
  if (missing === null) return "-";
  const narrow = style.columns !== null && style.columns < BAR_FROM;
  if (missing.requests === null || samples === null || narrow) return needed(missing);
  const part = samples / Math.max(1, samples + missing.requests);
  return `${barOf(part, CELLS, style)} ${needed(missing)}`;
}
