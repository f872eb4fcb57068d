import type { Command } from "../core/rollout.ts";
import type { EventView } from "../core/view.ts";
import type { Context } from "./context.ts";
import { explain } from "./failure.ts";
import { type Frame, liveLines } from "./format/live.ts";
import { styleOf } from "./format/style.ts";
import type { Screen } from "./io.ts";
import { openKeyboard } from "./keyboard.ts";
import { type Action, actionsFor, KeyPad } from "./keys.ts";
import type { Look } from "./look.ts";
import type { Progress } from "./wait.ts";

/** What keys of the live view do. */
export type Steering = {
  readonly command: (command: Command) => Promise<unknown>;
  /** Ends the watching, as Ctrl-C does. */
  readonly leave: () => void;
  /** True where a key that moves traffic need not be pressed twice. */
  readonly sure: boolean;
};

/** At most this often: enough for a countdown, and for a terminal that changes its size. */
const REDRAW_MS = 200;
const REMEMBERED = 20;

/** A view that is redrawn in place, and stays on the screen as it was last. Takes keys where there is a `steering` and a keyboard. */
export async function liveProgress(
  context: Context,
  stream: Screen,
  footer: string,
  steering: Steering | null,
): Promise<Progress> {
  const { createLogUpdate } = await import("log-update");
  const { io, flags } = context;
  const draw = createLogUpdate(stream as NodeJS.WriteStream);
  const shown = new Shown();
  const hasKeys = steering !== null && flags.input && io.stdin.isTTY === true;
  const redraw = (open: boolean) => {
    const { look, at } = shown;
    if (look === null) return;
    const keys = hasKeys && open ? keyWords(look) : [];
    const frame: Frame = { ...shown.frame(look, io.mono() - at), keys, footer: open ? footer : "" };
    draw(liveLines(frame, styleOf(stream, io.env, !flags.color), stream.rows || 24, io.wall()).join("\n"));
  };
  const timer = setInterval(() => redraw(true), REDRAW_MS);
  const pad = new KeyPad(steering?.sure === true);
  const onKey = (key: string) => {
    if (steering === null) return;
    const pressed = pad.press(key, shown.look?.rollout ?? null, io.mono());
    if (pressed.is === "leave") steering.leave();
    else if (pressed.is === "run") void obey(steering, pressed.action, shown);
    else shown.notice = pressed.is === "ask" ? { text: pressed.text, tone: "warn" } : null;
  };
  const keyboard = hasKeys ? openKeyboard(io.stdin, onKey) : null;
  return {
    show: (look) => shown.see(look, io.mono()),
    trouble: (reason) => {
      shown.trouble = reason;
    },
    close: () => {
      clearInterval(timer);
      keyboard?.[Symbol.dispose]();
      shown.notice = null;
      redraw(false);
      draw.done();
    },
  };
}

/** What the next frame is drawn from. */
class Shown {
  look: Look | null = null;
  at = 0;
  trouble: string | null = null;
  notice: Frame["notice"] = null;
  #events: readonly EventView[] = [];

  see(look: Look, at: number): void {
    this.look = look;
    this.at = at;
    this.#events = [...this.#events, ...look.events].slice(-REMEMBERED);
  }

  frame(look: Look, ageMs: number): Omit<Frame, "keys" | "footer"> {
    return { ...look, events: this.#events, trouble: this.trouble, notice: this.notice, ageMs };
  }
}

async function obey({ command }: Steering, action: Action, shown: Shown): Promise<void> {
  shown.notice = { text: `${action.word} ...`, tone: "accent" };
  try {
    await command(action.command);
    shown.notice = { text: `${action.word}: done`, tone: "good" };
  } catch (error) {
    shown.notice = { text: `${action.word}: ${explain(error).what}`, tone: "bad" };
  }
}

function keyWords({ rollout }: Look): string[] {
  return [...actionsFor(rollout).map(({ key, word }) => `${key} ${word}`), "q leave"];
}
