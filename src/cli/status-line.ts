import type { Context } from "./context.ts";
import { line } from "./io.ts";

/** One sentence about how a wait stands. */
export type StatusLine = { show(text: string): void; close(): void };

/** One line that is redrawn on a terminal, a line for each change elsewhere; on stderr. */
export async function statusLineOn(context: Context): Promise<StatusLine> {
  const { stderr, env } = context.io;
  if (stderr.isTTY === true && env.TERM !== "dumb") {
    const { createLogUpdate } = await import("log-update");
    const draw = createLogUpdate(stderr as NodeJS.WriteStream);
    return { show: (text) => draw(text), close: () => draw.done() };
  }
  let last = "";
  const show = (text: string) => {
    if (text !== last) line(stderr, text);
    last = text;
  };
  return { show, close: () => {} };
}
