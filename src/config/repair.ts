import { valueAt } from "./issues.ts";
import type { Path } from "./source.ts";

/** A step that breaks no rule: it stands in for a list that cannot be read. */
const ANY_STEPS = [{ share: "100%", until: "approved" }];

/** What to put in place of a part that the schema refused, so that the rest can still be judged; undefined leaves it out. */
type Repair = { readonly at: Path; readonly put: unknown };

/**
 * The repair for something wrong at `path`. What it puts there is neutral: no rule can find fault with it, so that whatever
 * the rules then say is true of what was written.
 */
function repairOf(path: Path, data: unknown): Repair {
  const [section, name = "", part, inner] = path;
  if (section !== "services" || part === undefined) return { at: path.slice(0, section === "services" ? 2 : 1), put: undefined };
  const base = ["services", name, part];
  switch (part) {
    case "routing":
      // The weighted one excludes settings that the live one allows.
      return { at: base, put: "live" };
    case "stable":
      return { at: base, put: Object.keys((valueAt(data, ["services", name, "pools"]) as object | null | undefined) ?? {})[0] };
    case "pools":
      return inner === undefined ? { at: ["services", name], put: undefined } : { at: [...base, inner], put: { members: [] } };
    case "canary":
      if (inner === "steps") return { at: [...base, inner], put: ANY_STEPS };
      return { at: inner === undefined ? base : [...base, inner], put: undefined };
    case "metrics":
    case "hooks":
    case "blueGreen":
      return { at: inner === undefined ? base : [...base, inner], put: undefined };
    default:
      return { at: base, put: undefined };
  }
}

/** A copy of `data` in which every part at these paths is replaced or left out. */
export function repaired(data: unknown, paths: readonly Path[]): unknown {
  const copy = structuredClone(data);
  for (const { at, put } of paths.map((path) => repairOf(path, data))) {
    const parent = valueAt(copy, at.slice(0, -1));
    if (typeof parent !== "object" || parent === null) continue;
    const key = at.at(-1) ?? "";
    if (put === undefined) delete (parent as Record<string | number, unknown>)[key];
    else (parent as Record<string | number, unknown>)[key] = put;
  }
  return copy;
}
