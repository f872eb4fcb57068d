import type { HookRunView } from "../../core/view.ts";
import { paint, type Style } from "./style.ts";
import { type Cell, type Column, table } from "./table.ts";
import { clock, duration } from "./units.ts";
import { plain } from "./width.ts";

const COLUMNS: readonly Column[] = [
  { title: "BEGAN" },
  { title: "HOOK", shrinks: true },
  { title: "AT" },
  { title: "TOOK", align: "right" },
  { title: "RESULT", shrinks: true },
];

/** Of an output, no more lines are printed. */
const MOST_LINES = 20;

/** Every hook that was run, and what those said that did not end well; nothing where there was none. */
export function hookLines(hooks: readonly HookRunView[], style: Style, now: number): string[] {
  if (hooks.length === 0) return [];
  const rows = hooks.map((run): Cell[] => [clock(run.startedAt, now), nameOf(run), run.point, took(run, now), resultOf(run)]);
  const said = hooks.filter(({ is, output }) => is === "failed" && output !== "");
  return [
    "",
    ...table(COLUMNS, rows, style),
    ...said.flatMap((run) => ["", paint(style, "bold", `${nameOf(run)} said`), ...outputOf(run)]),
  ];
}

function nameOf({ name, member, run }: HookRunView): string {
  return `${name}${member === null ? "" : ` for ${member}`}${run === 1 ? "" : ` (run ${run})`}`;
}

function took({ startedAt, endedAt }: HookRunView, now: number): string {
  return duration(Math.max(0, (endedAt === null ? now : Date.parse(endedAt)) - Date.parse(startedAt)));
}

function resultOf({ is, text }: HookRunView): string {
  return is === "running" ? "runs" : text;
}

/** The end of an output. */
function outputOf({ output }: HookRunView): string[] {
  const lines = output.split("\n").map((line) => plain(line));
  return lines.length > MOST_LINES ? [`… ${lines.length - MOST_LINES} more lines: -o json`, ...lines.slice(-MOST_LINES)] : lines;
}
