import type { Subject } from "../core/ports.ts";
import { type Ms, never } from "../core/units.ts";
import { Unaskable } from "../secrets/confidence.ts";

/** What `{{pool}}`, `{{service}}`, `{{version}}` and `{{window}}` stand for in one reading. */
export type Values = Pick<Subject, "pool" | "service" | "version"> & { readonly windowMs: Ms };

export const PLACEHOLDERS = ["pool", "service", "version", "window"] as const;
type Placeholder = (typeof PLACEHOLDERS)[number];

const PLACEHOLDER = /\{\{(.*?)\}\}/g;

/** Puts the values in, each as `encode` makes it fit its place. Throws an `Unaskable`. */
export function fillIn(text: string, values: Values, encode: (value: string, name: Placeholder) => string): string {
  return text.replaceAll(PLACEHOLDER, (written: string, inner: string) => {
    const name = PLACEHOLDERS.find((one) => one === inner.trim());
    if (name === undefined) throw new Unaskable(unknown(written));
    return encode(meaningOf(name, values), name);
  });
}

/** The placeholders of a text, as they are written and by name; null for a name that is none. */
export function placeholdersIn(text: string): readonly { readonly written: string; readonly name: Placeholder | null }[] {
  return [...text.matchAll(PLACEHOLDER)].map(([written, inner = ""]) => ({
    written,
    name: PLACEHOLDERS.find((one) => one === inner.trim()) ?? null,
  }));
}

export function unknown(written: string): string {
  return `${written} is not known; it must be one of ${PLACEHOLDERS.map((name) => `{{${name}}}`).join(", ")}`;
}

function meaningOf(name: Placeholder, values: Values): string {
  switch (name) {
    case "pool":
      return values.pool;
    case "service":
      return values.service;
    case "version":
      if (values.version === null)
        throw new Unaskable("{{version}} stands for nothing: this rollout has no version; name one when you start it");
      return values.version;
    case "window":
      return values.windowMs % 1000 === 0 ? `${values.windowMs / 1000}s` : `${values.windowMs}ms`;
    default:
      return never(name);
  }
}
