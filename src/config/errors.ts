/** One thing that is wrong in a configuration. `line` and `column` count from 1; both are 0 where there is no text to point at. */
export type Problem = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the structure: `services.web.canary.steps[0].for`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong, and what is allowed. */
  readonly message: string;
};

/** The configuration cannot be used. It holds every problem that was found, in the order of the file. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];
  /** The text that the problems point into; empty where it could not be read. */
  readonly text: string;
  constructor(problems: readonly Problem[], text: string) {
    super(problems.map(formatProblem).join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
    this.text = text;
  }
}

/** `file:line:column path: what is wrong, and what is allowed`, on one line. */
export function formatProblem(problem: Problem): string {
  const place = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.column}`;
  return problem.path === "" ? `${place} ${problem.message}` : `${place} ${problem.path}: ${problem.message}`;
}

const CONFIDENTIAL = [
  /\.metrics\.[^.]+\.(?:auth|headers|env|url)\b/,
  /^services\.[^.]+\.(?:hooks|rolling)\..*\b(?:post|headers|secret|env)\b/,
  /^notify\[\d+\]\.(?:webhook|slack|headers|secret|env)\b/,
];

/** Whether what stands at a path may be secret: whatever of a metric, a hook or a notifier says who Sluice is. */
export function isConfidential(path: string): boolean {
  return CONFIDENTIAL.some((pattern) => pattern.test(path));
}

/**
 * The line that a problem points at, with a caret below the place; empty where there is no such line, or where it may hold a secret
 * that somebody wrote into the file.
 *
 * Tabs are kept in the line of the caret, so that it stands below its character whatever the width of a tab.
 */
export function excerpt(text: string, problem: Problem): string {
  const line = problem.line === 0 ? undefined : text.split(/\r?\n/)[problem.line - 1];
  if (line === undefined || line.trim() === "" || isConfidential(problem.path)) return "";
  const gutter = `${problem.line} | `;
  const indent = line.slice(0, problem.column - 1).replace(/[^\t]/g, " ");
  return `${gutter}${line}\n${" ".repeat(gutter.length)}${indent}^`;
}
