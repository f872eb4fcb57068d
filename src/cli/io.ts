import type { Readable } from "node:stream";

/** What a stream for people must tell beside taking text. */
export type Screen = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  getColorDepth?(env?: object): number;
};

/** Where keys and answers come from. */
export type Keys = Readable & { readonly isTTY?: boolean; setRawMode?(on: boolean): unknown };

/** Variables of the environment, read by main alone and handed down. */
export type Env = Readonly<Record<string, string | undefined>>;

/**
 * Everything that a command may touch of its process.
 *
 * Main makes it from the real process; nothing below main reads globals of the process.
 */
export type Io = {
  readonly argv: readonly string[];
  readonly env: Env;
  /** The folder that relative paths start from. */
  readonly cwd: string;
  readonly stdin: Keys;
  readonly stdout: Screen;
  readonly stderr: Screen;
  /** Wall clock, to show times with. */
  readonly wall: () => number;
  /** Monotonic milliseconds, to measure with. */
  readonly mono: () => number;
  /** From the first call on, Ctrl-C and SIGTERM abort this signal instead of ending the process; a second Ctrl-C ends it. */
  readonly interruptible: () => AbortSignal;
  /** Calls `listener` at each SIGHUP. */
  readonly onHangup: (listener: () => void) => void;
};

/** Writes one line. */
export function line(stream: NodeJS.WritableStream, text = ""): void {
  stream.write(`${text}\n`);
}
