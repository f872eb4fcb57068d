import { paint, type Style } from "../cli/format/style.ts";
import { duration } from "../cli/format/units.ts";
import type { Ms } from "../core/units.ts";
import { type Ending, endingLine } from "./ending.ts";
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

/** The last page: what happened, what clients saw, the slowest switch, and where to go on. */
export function summaryLines(summary: Summary, good: boolean, style: Style): string[] {
  const { endings, seen, poolOf, tookMs, troubles, warnings } = summary;
  const switches = endings.filter(({ scene, good: done }) => done && scene.command.startsWith("sluice switch"));
  const slowest = Math.max(...switches.map((ending) => ending.switchedMs));
  const width = Math.max(...NEXT.map(([what]) => what.length));
  return [
    paint(style, "bold", `What happened in ${duration(tookMs)}`),
    ...endings.map((ending) => `${endingLine(ending, style)}`),
    ...(switches.length === 0 ? [] : [`slowest switch: ${duration(slowest)}`]),
    "",
    ...seenLines({ ...seen, now: new Map() }, poolOf, style),
    ...troubles.map((text) => paint(style, "bad", `lost: ${text}`)),
    ...(good ? [] : warnings.map((text) => paint(style, "warn", `controller: ${text}`))),
    "",
    ...(good ? [] : [paint(style, "bad", "The demo did not end as it should; the lines above say where."), ""]),
    paint(style, "bold", "Next"),
    ...NEXT.map(([what, command]) => `  ${what.padEnd(width)}   ${command}`),
  ];
}
