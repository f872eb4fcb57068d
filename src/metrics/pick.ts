/** A path into a JSON answer, `data.errors[0].rate`: names of fields and positions in lists. */
export type Pick = readonly (string | number)[];

export type ParsedPick = { readonly ok: true; readonly pick: Pick } | { readonly ok: false; readonly message: string };

const PART = /\.?([^.[\]"\s]+)|\[(\d{1,9})\]|\["((?:[^"\\]|\\.)*)"\]/y;

/** Reads a path. A name with other characters in it is written as in JSON: `data["error.rate"]`. */
export function parsePick(text: string): ParsedPick {
  const pick: (string | number)[] = [];
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const at = PART.lastIndex;
    const found = PART.exec(text);
    const [whole = "", name, index, quoted] = found ?? [];
    // A name after the first begins with a dot, the first does not.
    const dotted = name === undefined || whole.startsWith(".") === at > 0;
    if (found === null || !dotted)
      return {
        ok: false,
        message: `${JSON.stringify(text.slice(at, at + 20))} at column ${at + 1} is neither .name nor [0] nor ["name"]`,
      };
    if (index !== undefined) pick.push(Number(index));
    else pick.push(name ?? unquoted(quoted ?? ""));
  }
  return pick.length === 0 ? { ok: false, message: "it is empty" } : { ok: true, pick };
}

/** What an answer has at a path; or where the path leads nowhere, in words. */
export function pickFrom(
  json: unknown,
  pick: Pick,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string } {
  let here = json;
  for (const [depth, part] of pick.entries()) {
    const place = depth === 0 ? "the answer" : formatPick(pick.slice(0, depth));
    if (typeof part === "number") {
      if (!Array.isArray(here)) return { ok: false, message: `${place} is ${kindOf(here)}, wants a list for [${part}]` };
      if (part >= here.length) return { ok: false, message: `${place} has ${here.length} entries, wants [${part}]` };
      here = here[part];
    } else {
      if (typeof here !== "object" || here === null || Array.isArray(here))
        return { ok: false, message: `${place} is ${kindOf(here)}, wants an object for ${part}` };
      if (!Object.hasOwn(here, part)) return { ok: false, message: `${place} has no ${part}` };
      here = (here as Record<string, unknown>)[part];
    }
  }
  return { ok: true, value: here };
}

/** What a value is, in words, without what it holds. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function formatPick(pick: Pick): string {
  return pick.map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`)).join("");
}

function unquoted(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}
