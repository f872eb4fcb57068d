import type { Directive } from "./tree.ts";

/** A line of a file after which new lines lie inside a block. */
export type Spot = { readonly file: string; readonly afterLine: number };

/**
 * Where a block's first line can be added; null where something else stands on the line of its `{`, so that a person has to
 * break that line first.
 */
export function spotAtStart(block: Directive): Spot | null {
  if (block.openLine === null) return null;
  const shared = block.endLine === block.openLine || ownChildren(block).some((child) => child.line === block.openLine);
  return shared ? null : { file: block.file, afterLine: block.openLine };
}

/** Where a block's last line can be added; null where its `}` shares its line with what is before. */
export function spotAtEnd(block: Directive): Spot | null {
  const before = block.endLine - 1;
  if (block.openLine === null || before < block.openLine) return null;
  return ownChildren(block).some((child) => child.endLine >= block.endLine) ? null : { file: block.file, afterLine: before };
}

/** Directly behind a directive of a block; null where something else stands on its last line. */
export function spotAfter(directive: Directive): Spot | null {
  const { file, endLine: line, parent } = directive;
  const siblings = (parent?.block ?? []).filter((one) => one.file === file && one !== directive);
  const shared = siblings.some((one) => one.line === line) || (parent?.file === file && parent.endLine === line);
  return shared ? null : { file, afterLine: line };
}

/** "Add to FILE after line N:" and the lines, or the place in words where no line is free. */
export function addText(spot: Spot | null, block: Directive, where: "start" | "end", lines: readonly string[]): string {
  const text = lines.map((line) => `    ${line}`).join("\n");
  if (spot !== null) return `Add to ${spot.file} after line ${spot.afterLine}:\n${text}`;
  const brace =
    where === "start" ? `directly behind the "{" of line ${block.openLine}` : `directly before the "}" of line ${block.endLine}`;
  return `Add to ${block.file}, inside "${block.name}", ${brace}:\n${text}`;
}

/** Asks for lines at the start of a block. */
export function addAtStart(block: Directive, ...lines: readonly string[]): string {
  return addText(spotAtStart(block), block, "start", lines);
}

/** Asks for lines at the end of a block. */
export function addAtEnd(block: Directive, ...lines: readonly string[]): string {
  return addText(spotAtEnd(block), block, "end", lines);
}

/** Children that stand in the block's own file: those of included files have other lines. */
function ownChildren(block: Directive): readonly Directive[] {
  return (block.block ?? []).filter((child) => child.file === block.file);
}
