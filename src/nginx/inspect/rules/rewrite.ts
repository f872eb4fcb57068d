import type { Directive } from "../tree.ts";

/** The first directive that a test holds for, also within `if` blocks. */
export function firstOf(directives: readonly Directive[], test: (directive: Directive) => boolean): Directive | null {
  for (const directive of directives) {
    if (test(directive)) return directive;
    const inner = directive.name === "if" ? firstOf(directive.block ?? [], test) : null;
    if (inner !== null) return inner;
  }
  return null;
}

/** `break`, and `rewrite … last` or `break`: no later rewrite of the same level runs. */
export function stopsRewrites(directive: Directive): boolean {
  const flag = directive.args[2];
  return directive.name === "break" || (directive.name === "rewrite" && (flag === "last" || flag === "break"));
}

/** `return`, and rewrites that answer with a redirect. */
export function endsRequest(directive: Directive): boolean {
  const [, to = "", flag] = directive.args;
  if (directive.name === "return") return true;
  return directive.name === "rewrite" && (flag === "redirect" || flag === "permanent" || /^(?:https?:\/\/|\$scheme)/.test(to));
}

/** A rewriting directive without its patterns, which may be long and are the user's. */
export function shown(directive: Directive): string {
  const flag = directive.args[2];
  return directive.name === "rewrite" ? `rewrite …${flag === undefined ? "" : ` ${flag}`}` : directive.name;
}
