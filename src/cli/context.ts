import type { Log } from "../core/ports.ts";
import type { AddressFlags } from "./address.ts";
import type { ExitCode } from "./exit.ts";
import { type Style, styleOf } from "./format/style.ts";
import type { Io } from "./io.ts";
import { line } from "./io.ts";

export const OUTPUTS = ["table", "wide", "json", "yaml", "name"] as const;
export type Output = (typeof OUTPUTS)[number];

/** The options that every command takes. */
export type Flags = AddressFlags & {
  readonly output: Output;
  /** False with `--no-color`. */
  readonly color: boolean;
  /** False with `--no-input`. */
  readonly input: boolean;
};

/** What main alone can bring in, each loaded only when a command needs it. */
export type Parts = {
  readonly openLog: (stream: Io["stdout"], options: LogOptions) => Promise<Log>;
  readonly runDemo: (options: { readonly io: Io; readonly keep: boolean; readonly colour: boolean }) => Promise<ExitCode>;
};

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** `json` is one object a line, for programs; `text` is for a terminal. */
export type LogOptions = { readonly level: (typeof LOG_LEVELS)[number]; readonly form: "json" | "text" };

/** What a command works with. */
export type Context = {
  readonly io: Io;
  readonly parts: Parts;
  readonly flags: Flags;
  /** The style of stdout, where the data goes. */
  readonly out: Style;
  /** The style of stderr, where everything else goes. */
  readonly err: Style;
};

export function contextOf(io: Io, parts: Parts, flags: Flags): Context {
  const noColour = !flags.color;
  const out = styleOf(io.stdout, io.env, noColour);
  const err = styleOf(io.stderr, io.env, noColour);
  // Whoever asks for all of it scrolls sideways rather than have it cut.
  return { io, parts, flags, out: flags.output === "wide" ? { ...out, columns: null } : out, err };
}

/** How a value is told in each form that a caller can ask for. `json` is the API's own object. */
export type Telling = {
  readonly json: unknown;
  readonly names: readonly string[];
  readonly lines: () => readonly string[];
  /** The table with more columns; `lines` where there are none. */
  readonly wide?: () => readonly string[];
};

/** Data for stdout, in the form that was asked for. */
export async function tell(context: Context, telling: Telling): Promise<void> {
  const { stdout } = context.io;
  switch (context.flags.output) {
    case "json":
      return line(stdout, JSON.stringify(telling.json, null, 2));
    case "yaml": {
      const { stringify } = await import("yaml");
      stdout.write(stringify(telling.json));
      return;
    }
    case "name":
      for (const name of telling.names) line(stdout, name);
      return;
    case "wide":
      for (const text of (telling.wide ?? telling.lines)()) line(stdout, text);
      return;
    default:
      for (const text of telling.lines()) line(stdout, text);
  }
}

/** A word beside the data, for people: stderr, so that stdout stays clean. */
export function say(context: Context, text: string): void {
  line(context.io.stderr, text);
}
