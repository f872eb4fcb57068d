import type { ServiceName } from "../core/units.ts";
import { FORMATTERS, FormatError, type FormatterName } from "./format.ts";
import { RenderError } from "./render-error.ts";

/**
 * A value on its way into a template. It has no text of its own: only a formatter can make it one, so that a template cannot print
 * it unchecked.
 */
export class Value {
  readonly raw: unknown;
  /** Which value, for people: `endpoint of pool blue`. */
  readonly place: string;
  readonly service: ServiceName | null;
  constructor(raw: unknown, place: string, service: ServiceName | null) {
    this.raw = raw;
    this.place = place;
    this.service = service;
  }
  toString(): string {
    throw new FormatError(this.place, "text before a formatter made it one");
  }
}

/** A value's text for its place, or a literal's of the template; what is not allowed there is refused in the name of its service. */
export function formatted(helper: FormatterName, value: unknown): string {
  if (!(value instanceof Value)) return FORMATTERS[helper](value);
  try {
    return FORMATTERS[helper](value.raw);
  } catch (error) {
    if (error instanceof FormatError) throw new RenderError(value.service, value.place, error.message, { cause: error });
    throw error;
  }
}
