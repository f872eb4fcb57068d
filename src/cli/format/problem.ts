import { excerpt, formatProblem, type Problem } from "../../config/errors.ts";
import type { Explained } from "../failure.ts";
import { adviceLines } from "./advice.ts";
import { glyph, paint, type Style } from "./style.ts";
import { plain } from "./width.ts";

/** An error for people: what and why on the first line, the places in the configuration, then what to try. */
export function errorLines(error: Explained, style: Style): string[] {
  const code = error.code === null ? "" : paint(style, "dim", ` (${plain(error.code)})`);
  const [first = "", ...rest] = error.what.split("\n").map(plain);
  const title = `${paint(style, "bad", `${glyph(style, "bad")} error:`)} ${first}${code}`;
  const places = error.problems.flatMap((problem) => placeLines(problem, error.text, style));
  return [title, ...rest.map((line) => `  ${line}`), ...places, ...adviceLines(error.hint, style)];
}

/** `file:line:column path: message`, the line of the file, and a caret below the place. */
export function placeLines(problem: Problem, text: string, style: Style): string[] {
  const drawn = excerpt(text, problem);
  return [
    plain(formatProblem(problem)),
    ...(drawn === "" ? [] : drawn.split("\n").map((line) => paint(style, "dim", keepTabs(line)))),
  ];
}

/** The caret's line keeps its tabs, so that it stands below its character. */
function keepTabs(line: string): string {
  return line.split("\t").map(plain).join("\t");
}
