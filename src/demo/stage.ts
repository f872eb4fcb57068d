import type { createLogUpdate } from "log-update";
import { eventLine } from "../cli/format/event.ts";
import { glyph, paint, type Style, styleOf } from "../cli/format/style.ts";
import { clip, plain } from "../cli/format/width.ts";
import { type Io, line } from "../cli/io.ts";
import type { Look } from "../cli/look.ts";
import type { Ms } from "../core/units.ts";
import type { EventView, RolloutView, ServiceView } from "../core/view.ts";
import { type Ending, endingLines } from "./ending.ts";
import { footerLine, pictureLines, type Seen } from "./picture.ts";
import type { Scene } from "./scenes.ts";

/** Where the story is told: redrawn in place on a terminal, line after line elsewhere. */
export interface Stage extends Disposable {
  readonly style: Style;
  /** Lines that stay. */
  say(...lines: readonly string[]): void;
  begin(heading: Heading, service: ServiceView): void;
  show(look: Pick<Look, "service" | "events"> & { readonly rollout: RolloutView | null }): void;
  /** The controller cannot be asked now, and why; null once it can again. */
  trouble(reason: string | null): void;
  end(ending: Ending): void;
}

export type Heading = Pick<Scene, "title" | "happens"> & { readonly act: number | null; readonly command: string | null };

export type StageOptions = {
  readonly io: Io;
  /** False for `--no-color`. */
  readonly colour: boolean;
  readonly seen: () => Seen;
  readonly poolOf: (version: string) => string | null;
  readonly footer: string;
};

/** In place on a terminal; in CI and where the terminal cannot do it, lines. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { stdout, env } = options.io;
  const isLive = stdout.isTTY === true && env.TERM !== "dumb" && (env.CI === undefined || env.CI === "");
  if (!isLive) return plainStage(options);
  const { createLogUpdate } = await import("log-update");
  return new LiveStage(options, createLogUpdate(stdout as NodeJS.WriteStream));
}

function headingLines({ act, title, happens, command }: Heading, style: Style): string[] {
  const cut = (text: string) => (style.columns === null ? text : clip(text, style.columns, glyph(style, "cut")));
  return [
    paint(style, "bold", cut(act === null ? title : `Act ${act} of 3: ${title}`)),
    ...happens.map(cut),
    ...(command === null ? [] : [paint(style, "accent", cut(`$ ${command}`))]),
  ];
}

function plainStage(options: StageOptions): Stage {
  const { io, colour } = options;
  const style: Style = { ...styleOf(io.stdout, io.env, !colour), columns: null };
  const say = (...lines: readonly string[]) => {
    for (const text of lines) line(io.stdout, text);
  };
  return {
    style,
    say,
    begin: (heading) => say(...headingLines(heading, style)),
    show: ({ events }) => say(...events.map((event) => `  ${eventLine(event, style, io.wall())}`)),
    trouble: (reason) => say(`  ${reason === null ? "the controller answers again" : plain(reason)}`),
    end: (ending) => say(...endingLines(ending, style), ""),
    [Symbol.dispose]: () => {},
  };
}

/** At most this often: enough for a countdown and moving bars. */
const REDRAW_MS = 200;
const REMEMBERED = 20;

type LogUpdate = ReturnType<typeof createLogUpdate>;

class LiveStage implements Stage {
  readonly #options: StageOptions;
  readonly #draw: LogUpdate;
  readonly #timer: NodeJS.Timeout;
  readonly #startedMs: Ms;
  #heading: Heading | null = null;
  #service: { readonly view: ServiceView; readonly atMs: Ms } | null = null;
  #rollout: RolloutView | null = null;
  #events: readonly EventView[] = [];
  #trouble: string | null = null;

  constructor(options: StageOptions, draw: LogUpdate) {
    this.#options = options;
    this.#draw = draw;
    this.#startedMs = options.io.mono();
    this.#timer = setInterval(() => this.#redraw(), REDRAW_MS);
  }

  /** Anew each time: the terminal may change its size. */
  get style(): Style {
    const { io, colour } = this.#options;
    return styleOf(io.stdout, io.env, !colour);
  }

  /** Not through log-update, which would break a long command in two, and so keep it from being copied. */
  say(...lines: readonly string[]): void {
    this.#draw.clear();
    for (const text of lines) line(this.#options.io.stdout, text);
    this.#redraw();
  }

  begin(heading: Heading, service: ServiceView): void {
    this.#heading = heading;
    this.#rollout = null;
    this.#events = [];
    this.#see(service);
    this.#redraw();
  }

  show({ service, rollout, events }: Parameters<Stage["show"]>[0]): void {
    this.#see(service);
    this.#rollout = rollout;
    this.#events = [...this.#events, ...events].slice(-REMEMBERED);
  }

  trouble(reason: string | null): void {
    this.#trouble = reason;
  }

  /** Of what is over, the command and its result stay. */
  end(ending: Ending): void {
    const { style } = this;
    const [title = ""] = headingLines(ending.scene, style);
    const command = paint(style, "dim", `$ ${ending.scene.command}`);
    this.#heading = null;
    this.say(title, command, ...endingLines(ending, style), "");
  }

  #see(view: ServiceView): void {
    this.#service = { view, atMs: this.#options.io.mono() };
  }

  #redraw(): void {
    if (this.#heading === null || this.#service === null) return;
    const { io, seen, poolOf, footer } = this.#options;
    const { style } = this;
    const now = io.mono();
    const lines = pictureLines(
      {
        heading: headingLines(this.#heading, style),
        seen: seen(),
        poolOf,
        service: this.#service.view,
        rollout: this.#rollout,
        ageMs: now - this.#service.atMs,
        trouble: this.#trouble,
        events: this.#events,
        footer: footerLine(now - this.#startedMs, footer),
      },
      style,
      io.stdout.rows || 24,
      io.wall(),
    );
    this.#draw(lines.join("\n"));
  }

  /** What was drawn last stays: whoever ends it in the middle still sees how far it came. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#draw.done();
  }
}
