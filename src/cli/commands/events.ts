import { InvalidArgumentError, Option } from "commander";
import type { EventView } from "../../core/view.ts";
import type { Group, Run } from "../command.ts";
import { type Context, say, tell } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { exportOf } from "../exporting.ts";
import { eventLine } from "../format/event.ts";
import { line } from "../io.ts";
import { online, onlineOrRead } from "../open.ts";
import type { Session } from "../session.ts";

type Options = {
  readonly follow?: boolean;
  readonly rollout?: string;
  readonly after?: number;
  readonly limit: number;
  readonly export?: string;
  readonly check?: string;
};
type Filter = { readonly service: string | null; readonly rollout: string | null };

/** `events`: the journal, and what happens now. */
export const eventsCommands: Group = (program, bind) => {
  program
    .command("events")
    .argument("[service]", "only events of this service")
    .description("show what happened, oldest first, and with -f what happens now")
    .option("-f, --follow", "go on with new events until Ctrl-C")
    .option("--rollout <id>", "only events of this rollout")
    .option("--after <seq>", "start after this event", whole)
    .option("-n, --limit <count>", "at most this many of the newest", whole, 50)
    .addOption(new Option("--export <rollout>", "the windows that it compared, a JSON line each, for judge").conflicts(OTHERS))
    .option("--check <name>", "with --export: of this check")
    .action(bind(events));
};

const PAGE = 500;

const OTHERS = ["follow", "rollout", "after"];

const events: Run<Options> = (context, [service], options) =>
  options.export === undefined ? journal(context, service, options) : windows(context, options.export, options.check ?? null);

/** What a rollout compared, as it can be judged again. */
function windows(context: Context, id: string, check: string | null): Promise<ExitCode> {
  return onlineOrRead(context, { rollout: id }, async (session) => {
    const { lines, notes } = exportOf(await session.explanation(id), check);
    for (const note of notes) say(context, `note: ${note}`);
    for (const text of lines) line(context.io.stdout, text);
    return EXIT.reached;
  });
}

/** What happens needs somebody who lets it happen; what happened is stored. */
const journal = (context: Context, service: string | undefined, options: Options): Promise<ExitCode> =>
  (options.follow === true ? online : onlineOrRead)(context, { service, rollout: options.rollout }, async (session) => {
    const filter = { service: service ?? null, rollout: options.rollout ?? null };
    const interrupted = options.follow === true ? context.io.interruptible() : null;
    const { found, last } = await newest(session, filter, options);
    if (interrupted === null) {
      const names = found.map((event) => String(event.seq));
      await tell(context, { json: { events: found }, names, lines: () => found.map((event) => drawn(context, event)) });
      return EXIT.reached;
    }
    for (const event of found) stream(context, event);
    for await (const event of session.follow({ service: filter.service }, last, interrupted)) {
      if (filter.rollout === null || filter.rollout === event.rollout) stream(context, event);
    }
    return EXIT.interrupted;
  });

/** The journal only reads forwards, so the newest are found by walking it; a page is 500 lines. */
async function newest(session: Session, filter: Filter, options: Options): Promise<{ found: EventView[]; last: number }> {
  let last = options.after ?? 0;
  let found: EventView[] = [];
  for (;;) {
    const page = await session.events(filter, { after: last, limit: PAGE });
    found = [...found, ...page].slice(-options.limit);
    last = page.at(-1)?.seq ?? last;
    if (page.length < PAGE) return { found: options.limit === 0 ? [] : found, last };
  }
}

/** While following, each event is a line of its own in every form: one JSON object, or one YAML document. */
function stream(context: Context, event: EventView): void {
  const { output } = context.flags;
  const text = output === "table" || output === "wide" ? drawn(context, event) : streamed(context, event);
  line(context.io.stdout, text);
}

function streamed(context: Context, event: EventView): string {
  return context.flags.output === "name" ? String(event.seq) : JSON.stringify(event);
}

function drawn(context: Context, event: EventView): string {
  return eventLine(event, context.out, context.io.wall());
}

function whole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("write a whole number, 0 or more.");
  return Number(text);
}
