import { glyph, paint, type Style } from "../cli/format/style.ts";
import { type Cell, type Column, table } from "../cli/format/table.ts";
import { duration } from "../cli/format/units.ts";
import type { Ms } from "../core/units.ts";
import { type Ending, endingText } from "./ending.ts";
import { type Seen, seenLines } from "./picture.ts";

export type Summary = {
  readonly endings: readonly Ending[];
  readonly seen: Seen;
  readonly poolOf: (version: string) => string | null;
  readonly tookMs: Ms;
  /** Why requests were lost, where some were. */
  readonly troubles: readonly string[];
  /** What the controller warned of. */
  readonly warnings: readonly string[];
};

const NEXT: readonly (readonly [what: string, command: string])[] = [
  ["play with it yourself", "npx sluice demo --keep"],
  ["put it before your nginx", "npx sluice init --nginx /etc/nginx/nginx.conf"],
  ["all commands", "npx sluice --help"],
];

/** True where the whole story ended as it should. */
export function isGood({ endings, seen }: Pick<Summary, "endings" | "seen">, scenes: number): boolean {
  return endings.length === scenes && endings.every((ending) => ending.good) && seen.lost === 0;
}

const COLUMNS: readonly Column[] = [{ title: "ACT" }, { title: "ENDED" }, { title: "WHAT CLIENTS SAW", shrinks: true }];

/** The last page: what happened, what clients saw, the slowest switch, and where to go on. */
export function summaryLines(summary: Summary, good: boolean, style: Style): string[] {
  const { endings, seen, poolOf, tookMs, troubles, warnings } = summary;
  const rows = endings.map((ending): Cell[] => [ending.scene.name, endMark(ending, style), endingText(ending)]);
  const width = Math.max(...NEXT.map(([what]) => what.length));
  return [
    paint(style, "bold", `In ${duration(tookMs)}, on a real nginx`),
    ...table(COLUMNS, rows, style),
    ...slowest(endings),
    "",
    ...seenLines({ ...seen, now: null }, poolOf, style),
    ...troubles.map((text) => paint(style, "bad", `lost: ${text}`)),
    ...(good ? [] : warnings.map((text) => paint(style, "warn", `controller: ${text}`))),
    "",
    ...(good ? [] : [paint(style, "bad", "The demo did not end as it should; the lines above say where."), ""]),
    paint(style, "bold", "Next"),
    ...NEXT.map(([what, command]) => `  ${what.padEnd(width)}   ${command}`),
  ];
}

/** The public phase in which the rollout ended, good where the story wants it so. */
function endMark({ good, rollout }: Ending, style: Style): Cell {
  const tone = good ? "good" : "bad";
  return { text: `${glyph(style, tone)} ${rollout?.phase ?? "nothing"}`, tone };
}

function slowest(endings: readonly Ending[]): string[] {
  const switches = endings.filter(({ rollout }) => rollout?.strategy === "blue-green").map(({ turnedMs }) => turnedMs ?? 0);
  if (switches.length === 0) return [];
  return [`slowest switch: ${duration(Math.max(...switches))} from the command until every request went there`];
}
