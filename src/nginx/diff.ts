/** Lines around a change that are shown with it. */
const CONTEXT = 3;
/** Above this, the middle of two texts counts as replaced as a whole: the table of the search would not fit into memory. */
const MOST_CELLS = 25_000_000;

type Line = { readonly mark: " " | "-" | "+"; readonly text: string };

/** A unified diff of two texts, empty where they are equal. */
export function unifiedDiff(oldName: string, oldText: string, newName: string, newText: string): string {
  if (oldText === newText) return "";
  const lines = compare(linesOf(oldText), linesOf(newText));
  return `${[`--- ${oldName}`, `+++ ${newName}`, ...hunks(lines)].join("\n")}\n`;
}

function linesOf(text: string): readonly string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function compare(before: readonly string[], after: readonly string[]): readonly Line[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const same = (text: string): Line => ({ mark: " ", text });
  return [
    ...before.slice(0, head).map(same),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

/** The longest common subsequence, by the textbook's table. */
function middle(before: readonly string[], after: readonly string[]): readonly Line[] {
  const removed = (text: string): Line => ({ mark: "-", text });
  const added = (text: string): Line => ({ mark: "+", text });
  if (before.length * after.length > MOST_CELLS) return [...before.map(removed), ...after.map(added)];
  const width = after.length + 1;
  const longest = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number) => longest[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row -= 1)
    for (let column = after.length - 1; column >= 0; column -= 1)
      longest[row * width + column] =
        before[row] === after[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
  const lines: Line[] = [];
  let row = 0;
  let column = 0;
  while (row < before.length || column < after.length) {
    const old = before[row];
    const fresh = after[column];
    if (old !== undefined && old === fresh) {
      lines.push({ mark: " ", text: old });
      row += 1;
      column += 1;
    } else if (fresh === undefined || (old !== undefined && at(row + 1, column) >= at(row, column + 1))) {
      lines.push(removed(old ?? ""));
      row += 1;
    } else {
      lines.push(added(fresh));
      column += 1;
    }
  }
  return lines;
}

function hunks(lines: readonly Line[]): readonly string[] {
  const changed = lines.flatMap((line, index) => (line.mark === " " ? [] : [index]));
  const ranges: { from: number; to: number }[] = [];
  for (const index of changed) {
    const last = ranges.at(-1);
    if (last !== undefined && index - CONTEXT <= last.to) last.to = Math.min(lines.length, index + CONTEXT + 1);
    else ranges.push({ from: Math.max(0, index - CONTEXT), to: Math.min(lines.length, index + CONTEXT + 1) });
  }
  return ranges.flatMap(({ from, to }) => {
    const part = lines.slice(from, to);
    return [
      `@@ -${place(lines, from, part, "+")} +${place(lines, from, part, "-")} @@`,
      ...part.map((line) => line.mark + line.text),
    ];
  });
}

/** `start,length` of a hunk on the side that has no lines marked `not`. */
function place(lines: readonly Line[], from: number, part: readonly Line[], not: "+" | "-"): string {
  const length = part.filter((line) => line.mark !== not).length;
  const before = lines.slice(0, from).filter((line) => line.mark !== not).length;
  return `${length === 0 ? before : before + 1},${length}`;
}
