import type { Ms } from "../../core/units.ts";
import type { CheckView, RolloutView } from "../../core/view.ts";
import { courseOf } from "./course.ts";
import { phaseMark, stepMark, stepOf, verdictMark } from "./phase.ts";
import { rollingTable, settledText } from "./rolling.ts";
import { glyph, paint, type Style } from "./style.ts";
import { type Cell, type Column, table } from "./table.ts";
import { clock, countdown, measured, needed, shares } from "./units.ts";
import { clip, plain } from "./width.ts";

/** A rollout as a whole: where it is and why, its steps, its checks. */
export function rolloutLines(rollout: RolloutView, style: Style, now: Ms): string[] {
  return [
    ...rolloutHead(rollout, style, now),
    ...(rollout.rolling === null ? [] : ["", ...rollingTable(rollout.rolling, style)]),
    ...(rollout.steps.length === 0 ? [] : ["", ...stepsTable(rollout, style)]),
    ...(rollout.checks.length === 0 ? [] : ["", ...checksTable(rollout.checks, style)]),
  ];
}

/** Two or three lines: which rollout, where it is, and why. */
export function rolloutHead(rollout: RolloutView, style: Style, now: Ms): string[] {
  const version = rollout.version === null ? "" : `   version ${plain(rollout.version)}`;
  const by = `   started by ${plain(rollout.startedBy)} ${clock(rollout.startedAt, now)}`;
  const ended = rollout.endedAt === null ? "" : `, ended ${clock(rollout.endedAt, now)}`;
  const title = `${courseOf(rollout, style)}${undoText(rollout)}`;
  return [
    `${paint(style, "bold", rollout.id)}   ${title}${version}${by}${ended}`,
    rolloutState(rollout, style),
    ...(rollout.reason === "" ? [] : [cut(plain(rollout.reason), style)]),
    ...(rollout.hold === null || rollout.hold.reason === rollout.reason
      ? []
      : [cut(`held on ${rollout.hold.on}: ${plain(rollout.hold.reason)}`, style)]),
  ];
}

/** `◌ observing   step 3/6   next in 00:42`. */
export function rolloutState(rollout: RolloutView, style: Style): string {
  const mark = phaseMark(style, rollout);
  const left = rollout.remainingMs === null ? "" : `   ${countdownWord(rollout)} ${countdown(rollout.remainingMs)}`;
  const step = rollout.endedAt === null && rollout.steps.length > 0 ? `   ${stepOf(rollout)}` : "";
  return `${paint(style, mark.tone, mark.text)}${step}${left}`;
}

/** `web-12: promoted` with its reason, on one line, for the end of a wait. */
export function rolloutSummary(rollout: RolloutView, style: Style): string {
  const mark = phaseMark(style, rollout);
  const step = rollout.endedAt === null && rollout.steps.length > 0 ? ` ${stepOf(rollout)}` : "";
  const reason = rollout.reason === "" ? "" : `: ${plain(rollout.reason)}`;
  const members = rollout.rolling === null ? "" : ` (${settledText(rollout.rolling)})`;
  const version = rollout.undoes === null || rollout.version === null ? "" : ` (${plain(rollout.version)})`;
  const course = `${courseOf(rollout, style)}${undoText(rollout)}${version}`;
  return `${rollout.id} ${course} ${paint(style, mark.tone, mark.text)}${step}${members}${reason}`;
}

function undoText({ undoes }: RolloutView): string {
  return undoes === null ? "" : `, undo to revision ${undoes}`;
}

const STEP_COLUMNS: readonly Column[] = [
  { title: "STEP", align: "right" },
  { title: "STATE" },
  { title: "SHARES", shrinks: true },
  { title: "WHAT", shrinks: true },
];

export function stepsTable(rollout: RolloutView, style: Style): string[] {
  const rows = rollout.steps.map((step, index): Cell[] => [
    String(index + 1),
    stepMark(style, step.state),
    shares(step.shares),
    step.label,
  ]);
  return table(STEP_COLUMNS, rows, style);
}

const CHECK_COLUMNS: readonly Column[] = [
  { title: "CHECK", shrinks: true },
  { title: "VERDICT" },
  { title: "VALUE", align: "right" },
  { title: "LIMIT" },
  { title: "SAMPLES", align: "right" },
];
const NEEDS: Column = { title: "NEEDS" };
const WHY: Column = { title: "WHY", shrinks: true };

/** Every verdict with its value, its limit and what it was measured from; and what is missing until one can be said, where that is known. */
export function checksTable(checks: readonly CheckView[], style: Style): string[] {
  const lacking = checks.some((check) => check.needed !== null);
  const rows = checks.map((check): Cell[] => [
    check.name,
    verdictMark(style, check.is),
    measured(check.value, check.limit),
    check.limit,
    check.samples === null ? "-" : String(check.samples),
    ...(lacking ? [needed(check.needed)] : []),
    check.text,
  ]);
  return table([...CHECK_COLUMNS, ...(lacking ? [NEEDS] : []), WHY], rows, style);
}

/** A bar of what the candidate has, and the steps in a row: `▕████░░░▏ ✔ 5%  [20%]  50%`. */
export function progressLine(rollout: RolloutView, inNginx: number | null, style: Style): string {
  const shown = inNginx ?? 0;
  const cells = 20;
  const full = Math.round((shown / 10_000) * cells);
  const bar = glyph(style, "full").repeat(full) + glyph(style, "empty").repeat(cells - full);
  const steps = rollout.steps.map((step) => {
    // The commit has the shares of the step before it: its share alone would read as the same step twice.
    const share = step.label === "commit" ? "commit" : `${(step.shares[rollout.to] ?? 0) / 100}%`;
    if (step.state === "done") return `${glyph(style, "good")} ${share}`;
    return step.state === "now" || step.state === "stopped" ? `[${share}]` : share;
  });
  return cut(`|${bar}| ${steps.join("  ")}`, style);
}

function countdownWord(rollout: RolloutView): string {
  const untilEvidence = rollout.steps[rollout.step]?.until === "evidence";
  return rollout.phase === "waiting" || rollout.phase === "applying" || untilEvidence ? "at most" : "next in";
}

function cut(text: string, style: Style): string {
  return style.columns === null ? text : clip(text, style.columns, glyph(style, "cut"));
}
