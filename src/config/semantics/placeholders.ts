import { nearest } from "../nearest.ts";
import type { Path } from "../source.ts";
import { type Judgement, problem } from "./rule.ts";

/** What can be filled in where a hook is run for one member. */
export const OF_MEMBER = ["rollout", "service", "pool", "member", "version", "step"] as const;
/** What can be filled in where it is run once for all. */
export const OF_ROLLOUT = ["rollout", "service", "pool", "version", "step"] as const;
/** What can be filled in where somebody is told. */
export const OF_NOTICE = [...OF_ROLLOUT, "event", "text"] as const;

/** Names in braces that stand for nothing. `${NAME}` is a variable, and `%{name}` is how curl and others write theirs. */
export function* namesInBraces(text: string, allowed: readonly string[], path: Path): Iterable<Judgement> {
  for (const [written, name = ""] of text.matchAll(/(?<![$%{])\{([A-Za-z_-]+)\}/g)) {
    if (!allowed.includes(name)) yield problem(path, unknown(written, name, allowed));
  }
  for (const [written, name = ""] of text.matchAll(/\{\{\s*([a-z]+)\s*\}\}/g)) {
    if (allowed.includes(name)) yield problem(path, `${written} is not filled in here; write {${name}}`);
  }
}

function unknown(written: string, name: string, allowed: readonly string[]): string {
  if (name === "member") return "{member} is not filled in here: this is called once, for no one of the members";
  const near = nearest(name, allowed);
  const hint = near === null ? "" : `did you mean {${near}}? `;
  const known = allowed.map((one) => `{${one}}`).join(", ");
  return `${written} is not known; ${hint}allowed: ${known} (braces that are meant as they stand belong into a script)`;
}
