import type { Context } from "./context.ts";
import { eventLine } from "./format/event.ts";
import { stateLine } from "./format/state-line.ts";
import { type Style, styleOf } from "./format/style.ts";
import { plain } from "./format/width.ts";
import { type Env, line, type Screen } from "./io.ts";
import type { Steering } from "./live-progress.ts";
import type { Progress } from "./wait.ts";

export const PROGRESSES = ["auto", "live", "plain", "none"] as const;
export type ProgressKind = (typeof PROGRESSES)[number];

/** What a plain line is: a line of the journal, or where the rollout is now, whenever that changes. */
export type Told = "events" | "state";

/** What to show a wait with: redrawn in place on a terminal, a line a change elsewhere. */
export async function progressOn(
  context: Context,
  stream: Screen,
  kind: ProgressKind,
  footer: string,
  { told = "events", steering = null }: { readonly told?: Told | undefined; readonly steering?: Steering | null } = {},
): Promise<Progress> {
  const chosen = kind === "auto" ? (stream.isTTY === true && canRedraw(context.io.env) ? "live" : "plain") : kind;
  switch (chosen) {
    case "live":
      // Most commands draw no screen.
      return (await import("./live-progress.ts")).liveProgress(context, stream, footer, steering);
    case "plain":
      return told === "state" ? stateLines(stream) : plainLines(context, stream);
    default:
      return { show: () => {}, trouble: () => {}, close: () => {} };
  }
}

/** A log of a pipeline keeps every frame, so what runs there gets lines, even where it is given a terminal. */
function canRedraw({ TERM, CI }: Env): boolean {
  return TERM !== "dumb" && (CI === undefined || CI === "" || CI === "false");
}

function plainLines(context: Context, stream: Screen): Progress {
  const style: Style = { ...styleOf(stream, context.io.env, !context.flags.color), columns: null };
  return {
    show: ({ events }) => {
      for (const event of events) line(stream, eventLine(event, style, context.io.wall()));
    },
    trouble: (reason) => line(stream, troubleText(reason)),
    close: () => {},
  };
}

function stateLines(stream: Screen): Progress {
  let last = "";
  return {
    show: ({ rollout }) => {
      const text = stateLine(rollout);
      if (text !== last) line(stream, text);
      last = text;
    },
    trouble: (reason) => line(stream, troubleText(reason)),
    close: () => {},
  };
}

function troubleText(reason: string | null): string {
  return reason === null ? "the controller answers again" : `waiting for the controller: ${plain(reason)}`;
}
