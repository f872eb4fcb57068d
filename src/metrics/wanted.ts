import type { Measure } from "../core/service.ts";
import { never } from "../core/units.ts";
import { matches, parseSelector, type Selector } from "./selector.ts";

/** One group of series that a measure counts. `optional`: no such series yet means that nothing was counted yet. */
export type Wanted = {
  readonly group: "of" | "to" | "bucket" | "gauge";
  readonly selector: Selector;
  readonly optional: boolean;
};

/** A measure, ready to be looked for on pages; or why it cannot be. */
export type Plan = { readonly ok: true; readonly wanted: readonly Wanted[] } | { readonly ok: false; readonly message: string };

/** The words that a measure needs to find on a page. A histogram is named by its family, with or without `_bucket`. */
export function planOf(measure: Measure): Plan {
  switch (measure.kind) {
    case "ratio":
      return both(want("of", measure.of, true), want("to", measure.to, false));
    case "quantile":
      return both(want("bucket", measure.of, false));
    case "rate":
      return both(want("of", measure.of, false));
    case "gauge":
      return both(want("gauge", measure.of, false));
    default:
      return never(measure);
  }
}

function want(group: Wanted["group"], text: string, optional: boolean): Wanted | string {
  const parsed = parseSelector(text);
  if (!parsed.ok) return `the selector ${text} cannot be read at column ${parsed.column}: ${parsed.message}`;
  const { selector } = parsed;
  if (group !== "bucket") return { group, selector, optional };
  if (selector.name === null) return `the selector ${text} must name a histogram`;
  const name = selector.name.endsWith("_bucket") ? selector.name : `${selector.name}_bucket`;
  return { group, selector: { ...selector, name }, optional };
}

function both(...parts: readonly (Wanted | string)[]): Plan {
  const message = parts.find((part) => typeof part === "string");
  if (message !== undefined) return { ok: false, message };
  return { ok: true, wanted: parts.filter((part) => typeof part !== "string") };
}

/** Whether a sample belongs to a group. */
export function belongs(wanted: Wanted, name: string, labels: Readonly<Record<string, string>>): boolean {
  return matches(wanted.selector, name, labels);
}
