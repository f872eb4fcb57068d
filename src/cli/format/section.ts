/** A part of a screen. */
export type Section = {
  /** The larger, the longer it stays where there is no room. */
  readonly keep: number;
  /** All of its lines. */
  readonly lines: readonly string[];
  /** It in fewer lines, what needs attention first; left out where it is shown whole or not at all. */
  readonly shorten?: (rows: number) => readonly string[];
  /** Fewest lines that it can be shortened to; 2 where left out. */
  readonly least?: number;
};

/** The lines of the sections in at most `rows`: the least important ones are shortened first, then left out; the last one is cut. */
export function withinRows(sections: readonly Section[], rows: number): readonly string[] {
  const heights = sections.map(({ lines }) => lines.length);
  const order = sections.map((_, index) => index).sort((a, b) => (sections[a]?.keep ?? 0) - (sections[b]?.keep ?? 0));
  const over = () => heights.reduce((sum, height) => sum + height, 0) - rows;
  for (const index of order) heights[index] = shortened(sections[index], heights[index] ?? 0, over());
  for (const index of order) if (over() > 0 && heights.filter((height) => height > 0).length > 1) heights[index] = 0;
  return sections.flatMap((section, index) => drawn(section, heights[index] ?? 0)).slice(0, rows);
}

function shortened(section: Section | undefined, height: number, over: number): number {
  if (section?.shorten === undefined || over <= 0) return height;
  return Math.min(height, Math.max(section.least ?? 2, height - over));
}

function drawn(section: Section, height: number): readonly string[] {
  if (height === 0) return [];
  return height < section.lines.length && section.shorten !== undefined ? section.shorten(height) : section.lines;
}

/** The first of `rows` items that fit under a title, and a line that counts the others. */
export function firstOf<T>(
  items: readonly T[],
  rows: number,
  draw: (shown: readonly T[]) => readonly string[],
  more: (left: readonly T[]) => string,
) {
  const shown = items.slice(0, Math.max(0, rows - 2));
  return [...draw(shown), more(items.slice(shown.length))];
}
