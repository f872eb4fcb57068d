/** How many letters must be changed, added or left out to make `a` of `b` (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      next.push(Math.min((row[j] ?? 0) + (letter === other ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** The name that was probably meant, or null where none is near: at most two letters off, or a third of a long name. */
export function nearest(name: string, known: readonly string[]): string | null {
  const wanted = name.slice(0, 64).toLowerCase();
  const ranked = known.map((one) => ({ one, off: distance(wanted, one.toLowerCase()) })).sort((a, b) => a.off - b.off);
  const best = ranked[0];
  return best !== undefined && best.off <= Math.max(2, Math.floor(wanted.length / 3)) && best.off < wanted.length
    ? best.one
    : null;
}

/** ` did you mean "x"?` or nothing, and then what is allowed: the end of a message about a name that does not exist. */
export function suggest(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const hint = near === null ? "" : `did you mean "${near}"? `;
  return known.length === 0 ? `${hint}none are allowed here` : `${hint}allowed: ${known.join(", ")}`;
}
