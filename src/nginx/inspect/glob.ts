/** File patterns as nginx's `include` has them: C's glob, where `*` and `?` stay within a folder and a leading dot is only matched by a dot. */

/** True where an include's argument is a pattern; nginx then takes what matches, even nothing. */
export function isGlob(pattern: string): boolean {
  return /[*?[]/.test(pattern);
}

/** Tells whether one part of a path (no `/`) matches one part of a pattern. */
export function partMatcher(pattern: string): (part: string) => boolean {
  const expression = partExpression(pattern);
  return (part) => (part.startsWith(".") ? pattern.startsWith(".") : true) && expression.test(part);
}

/** Tells whether a whole path matches a pattern. */
export function pathMatcher(pattern: string): (path: string) => boolean {
  if (!isGlob(pattern)) return (path) => path === pattern;
  const matchers = pattern.split("/").map(partMatcher);
  return (path) => {
    const parts = path.split("/");
    return parts.length === matchers.length && matchers.every((matches, at) => matches(parts[at] ?? ""));
  };
}

function partExpression(pattern: string): RegExp {
  const source = pattern.replace(
    /\*+|\?|\[([!^]?)(\]?[^\]]*)\]|\\?[\s\S]/g,
    (piece, not: string | undefined, set: string | undefined) => {
      if (piece.startsWith("*")) return ".*";
      if (piece === "?") return ".";
      if (set !== undefined) return `[${not ? "^" : ""}${set.replace(/[\\\]^]/g, "\\$&")}]`;
      return (piece.length === 2 ? piece.slice(1) : piece).replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
    },
  );
  try {
    return new RegExp(`^${source}$`, "s");
  } catch {
    // A set such as [z-a] is no pattern for C's glob either: it matches nothing.
    return /(?!)/;
  }
}
