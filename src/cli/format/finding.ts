import type { Finding } from "../../app.ts";
import { adviceLines } from "./advice.ts";
import { placeLines } from "./problem.ts";
import { glyph, paint, type Style } from "./style.ts";

const LOOKS = { error: ["bad", "bad"], warning: ["warn", "warn"], info: ["next", "dim"] } as const;

/** What `check` found: how bad, where, what, the line of the file, and how to mend it. */
export function findingLines(finding: Finding, text: string, style: Style): string[] {
  const [name, tone] = LOOKS[finding.severity];
  const place = { ...finding, column: finding.column ?? 1 };
  const [first = "", ...rest] = placeLines(place, finding.column === null ? "" : text, style);
  const title = paint(style, tone, `${glyph(style, name)} ${finding.severity}`);
  return [`${title} ${first} ${paint(style, "dim", `(${finding.code})`)}`, ...rest, ...adviceLines(finding.fix, style)];
}
