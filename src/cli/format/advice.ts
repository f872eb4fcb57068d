import { paint, type Style } from "./style.ts";
import { plain } from "./width.ts";

/** What to try next: on one line, or below its word where it has several (lines of a configuration to copy). */
export function adviceLines(text: string | null, style: Style): string[] {
  if (text === null) return [];
  const [first = "", ...rest] = text.split("\n").map(plain);
  return [`${paint(style, "accent", "  try:")} ${first}`, ...rest.map((line) => `    ${line}`.trimEnd())];
}
