import type { Examined } from "../../app.ts";
import { adviceLines } from "./advice.ts";
import { glyph, paint, type Style } from "./style.ts";
import { plain } from "./width.ts";

const LOOKS = { ok: ["good", "good"], warn: ["warn", "warn"], fail: ["bad", "bad"] } as const;

/** A line for each thing that was looked at, below the title of its area, and how to mend it. */
export function examinedLines(all: readonly Examined[], style: Style): string[] {
  return all.flatMap((one, index) => [
    ...(all[index - 1]?.area === one.area ? [] : titled(one.area, index, style)),
    ...lines(one, style),
  ]);
}

function titled(area: string, index: number, style: Style): string[] {
  return [...(index === 0 ? [] : [""]), paint(style, "bold", area)];
}

function lines({ is, text, fix }: Examined, style: Style): string[] {
  const [name, tone] = LOOKS[is];
  return [
    `  ${paint(style, tone, `${glyph(style, name)} ${is}`)}  ${plain(text)}`,
    ...adviceLines(fix, style).map((line) => `    ${line}`),
  ];
}
