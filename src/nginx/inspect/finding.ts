import type { ServiceSettings } from "../../core/service.ts";
import type { ServiceName } from "../../core/units.ts";
import type { Capabilities } from "../capabilities.ts";
import type { Directive } from "./tree.ts";

/** `error`: requests or Sluice itself would go wrong; `warning`: it works, with a cost or a risk; `info`: good to know. */
export type Severity = "error" | "warning" | "info";

/** Something in the user's nginx configuration that matters to Sluice. Codes are stable. */
export type Finding = {
  readonly severity: Severity;
  readonly code: string;
  readonly file: string;
  readonly line: number;
  /** The service that it concerns, or null where it concerns all. */
  readonly service: ServiceName | null;
  /** The cause in nginx's terms, and what would happen to requests. */
  readonly message: string;
  /** What to do, with the text to paste. */
  readonly fix: string;
};

/** The part of an nginx target's settings that its configuration must fit. Paths are absolute. */
export type InspectTarget = {
  /** The folder that Sluice writes; `current` in it is the generation that is served. */
  readonly include: string;
  readonly tables: string;
  /** Where the status server listens. */
  readonly status: string;
};

/** What a configuration is held against. */
export type Expected = {
  readonly services: readonly ServiceSettings[];
  readonly target: InspectTarget;
  readonly capabilities: Capabilities;
};

/** Makes a finding at a directive. */
export function at(
  directive: Directive,
  severity: Severity,
  code: string,
  service: ServiceName | null,
  text: { readonly message: string; readonly fix: string },
): Finding {
  return { severity, code, file: directive.file, line: directive.line, service, ...text };
}

/** `file:line`, as people and editors read it. */
export function place(directive: Directive): string {
  return `${directive.file}:${directive.line}`;
}

const ORDER: readonly Severity[] = ["error", "warning", "info"];

/** Worst first, then by file and line; the same finding only once (a file that is included twice gives it twice). */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const once = new Map(
    findings.map((finding) => [`${finding.code}\n${finding.file}\n${finding.line}\n${finding.service}`, finding]),
  );
  return [...once.values()].sort(
    (a, b) =>
      ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity) ||
      compare(a.file, b.file) ||
      a.line - b.line ||
      compare(a.code, b.code),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A finding as lines for people. */
export function describeFinding(finding: Finding): string {
  const service = finding.service === null ? "" : ` service ${finding.service}:`;
  const fix = finding.fix.split("\n").join("\n    ");
  return `${finding.file}:${finding.line}: ${finding.severity}:${service} ${finding.message} [${finding.code}]\n    ${fix}`;
}
