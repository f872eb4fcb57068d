import type { Settings } from "../config.ts";
import type { Finding, Path } from "../source.ts";

/** What the rules between the parts of a configuration look at. */
export type Subject = {
  readonly settings: Settings;
  /** True where the file itself says something at this path, as opposed to a default. */
  readonly written: (path: Path) => boolean;
  /** What the file says at this path, after variables; undefined where it says nothing. */
  readonly raw: (path: Path) => unknown;
  /** Why a text is no series selector, or null. Comes from outside: the grammar belongs to the metrics. */
  readonly selectorProblem: (text: string) => string | null;
};

/** A warning does not keep the configuration from being used. */
export type Judgement = Finding & { readonly level: "problem" | "warning" };

export type Rule = (subject: Subject) => Iterable<Judgement>;

export function problem(path: Path, message: string, at: "key" | "value" = "value"): Judgement {
  return { level: "problem", path, message, at };
}

export function warning(path: Path, message: string, at: "key" | "value" = "value"): Judgement {
  return { level: "warning", path, message, at };
}
