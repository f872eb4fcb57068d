import type { ServiceName } from "../core/units.ts";

/**
 * A value that nginx's grammar does not allow where it would stand, or an output that is not what its template says.
 *
 * `service` is the one whose value it is, so that the others can go on without it; null where it belongs to none.
 */
export class RenderError extends Error {
  readonly service: ServiceName | null;
  /** Which value, for people: `endpoint of pool blue`. */
  readonly place: string;
  /** What is wrong with it, and what is allowed. */
  readonly reason: string;
  constructor(service: ServiceName | null, place: string, reason: string, options?: ErrorOptions) {
    super(`${service === null ? "" : `service ${service}: `}${place}: ${reason}`, options);
    this.name = "RenderError";
    this.service = service;
    this.place = place;
    this.reason = reason;
  }
}

/** A template that cannot be used: nothing is rendered with it until it is put right. */
export class TemplateError extends Error {
  readonly file: string;
  /** From 1; null where the engine does not say. */
  readonly line: number | null;
  constructor(file: string, line: number | null, reason: string, options?: ErrorOptions) {
    super(`${file}${line === null ? "" : `:${line}`}: ${reason}`, options);
    this.name = "TemplateError";
    this.file = file;
    this.line = line;
  }
}
