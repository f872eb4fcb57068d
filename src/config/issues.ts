import type * as z from "zod";
import { isConfidential } from "./errors.ts";
import { NAME_ALLOWED, shown } from "./schema/fields.ts";
import { type Finding, formatPath, type Path } from "./source.ts";

type Issue = z.core.$ZodIssue;

/** Symbols never come from YAML. */
function plain(path: readonly PropertyKey[]): Path {
  return path.map((part) => (typeof part === "symbol" ? String(part) : part));
}

/**
 * What zod found, as findings below `above`.
 *
 * A block with an unknown key is not also told what it lacks: that is mostly the key that was meant.
 */
export function findingsOf(issues: readonly Issue[], above: Path = []): Finding[] {
  const mistyped = new Set(issues.filter((one) => one.code === "unrecognized_keys").map((one) => formatPath(plain(one.path))));
  const telling = issues.filter((one) => one.code !== "custom" || !mistyped.has(formatPath(plain(one.path))));
  return telling.flatMap(findingsOfOne).map((finding) => ({ ...finding, path: [...above, ...finding.path] }));
}

/** One finding, or one for each unknown key. */
function findingsOfOne(issue: Issue): Finding[] {
  const path = plain(issue.path);
  if (issue.code === "unrecognized_keys") {
    const messages = issue.message.split("\n");
    return issue.keys.map((key, index) => ({ path: [...path, key], message: messages[index] ?? issue.message, at: "key" }));
  }
  if (issue.code === "invalid_key") {
    return [{ path, message: `${shown(path.at(-1))} is not a usable name; it must be ${NAME_ALLOWED}`, at: "key" }];
  }
  if (issue.code === "invalid_union" && !isConfidential(formatPath(path))) {
    const meant = meantForm(issue.errors);
    if (meant !== null) return findingsOf(meant, path);
  }
  return [
    {
      path,
      message: isConfidential(formatPath(path))
        ? issue.message.replace(/^.* is not allowed;/s, "is not allowed;")
        : issue.message,
    },
  ];
}

/**
 * Of a value with several forms, what is wrong with the one that was meant: the one whose kind it is furthest down, and in a list furthest
 * along. Null where it is of no form's kind at all.
 */
function meantForm(forms: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const ranked = forms.map((issues) => ({ issues, rank: rankOf(issues) })).sort((a, b) => compareRanks(b.rank, a.rank));
  const [best] = ranked;
  return best === undefined || best.rank[0] === 0 ? null : best.issues;
}

type Rank = readonly [depth: number, along: number, few: number];

/** How far a value goes along with a form: to what depth its kinds are right, to which item of a list, and with how little wrong in it. */
function rankOf(issues: readonly Issue[]): Rank {
  const all = issues.flatMap(leaves);
  const kinds = all.filter(({ isKind }) => isKind);
  const depth = Math.min(...kinds.map(({ path }) => path.length));
  const [first] = all[0]?.path ?? [];
  return [depth, typeof first === "number" ? first : 0, -all.length];
}

type Leaf = { readonly path: readonly PropertyKey[]; readonly isKind: boolean };

function leaves(issue: Issue): readonly Leaf[] {
  if (issue.code !== "invalid_union") return [{ path: issue.path, isKind: issue.code === "invalid_type" }];
  const meant = meantForm(issue.errors);
  if (meant === null) return [{ path: issue.path, isKind: true }];
  return meant.flatMap(leaves).map((leaf) => ({ ...leaf, path: [...issue.path, ...leaf.path] }));
}

function compareRanks(a: Rank, b: Rank): number {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at === -1 ? 0 : (a[at] ?? 0) > (b[at] ?? 0) ? 1 : -1;
}

/** What the data has at a path, or undefined. */
export function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    return (value as Record<string | number, unknown>)[part];
  }, data);
}

/** A copy of `data` without the keys at these paths, so that the rest of it can still be judged. */
export function without(data: unknown, paths: readonly Path[]): unknown {
  const copy = structuredClone(data);
  for (const path of paths) {
    const parent = valueAt(copy, path.slice(0, -1));
    if (typeof parent === "object" && parent !== null) delete (parent as Record<string | number, unknown>)[path.at(-1) ?? ""];
  }
  return copy;
}
