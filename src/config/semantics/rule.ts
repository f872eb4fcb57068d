import type { Settings } from "../config.ts";
import type { Finding, Path } from "../source.ts";

/** Why texts of metrics cannot be used, in words, or null. They come from outside: the grammars belong to the metrics. */
export type TextRules = {
  /** A series selector. */
  readonly selectorProblem: (text: string) => string | null;
  /** A PromQL query whose answer is to cover a window. */
  readonly queryProblem: (text: string, windowMs: number) => string | null;
  /** A path into a JSON answer. */
  readonly pickProblem: (text: string) => string | null;
};

/** What the rules between the parts of a configuration look at. */
export type Subject = {
  readonly settings: Settings;
  /** What the file says at this path, as opposed to a default, and apart from what the schema refused; undefined for nothing. */
  readonly written: (path: Path) => unknown;
  /** The same with what the schema refused: a name that is there, however wrong what it names, is no unknown name. */
  readonly original: (path: Path) => unknown;
  readonly texts: TextRules;
  /** A text of a metric with its variables filled in; as it is where that cannot be done. */
  readonly fill: (text: string) => string;
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
