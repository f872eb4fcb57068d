import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { Option } from "commander";
import type { App } from "../../app.ts";
import type { Config } from "../../config/config.ts";
import { ConfigError, formatProblem } from "../../config/errors.ts";
import type { Control } from "../../core/control.ts";
import type { Log } from "../../core/ports.ts";
import type { EventView } from "../../core/view.ts";
import { needConfig } from "../address.ts";
import type { Group, Run } from "../command.ts";
import { LOG_LEVELS, type LogOptions } from "../context.ts";
import { EXIT } from "../exit.ts";

type Options = { readonly log: "auto" | "json" | "text"; readonly logLevel: LogOptions["level"] };

/** `serve`: the controller itself. */
export const serveCommands: Group = (program, bind) => {
  program
    .command("serve")
    .description("run the controller: drives nginx, answers the API; SIGHUP reads the configuration anew, all or nothing")
    .addOption(
      new Option("--log <form>", "how lines are written; auto is text on a terminal")
        .choices(["auto", "json", "text"])
        .default("auto"),
    )
    .addOption(new Option("--log-level <level>", "the least that is written").choices(LOG_LEVELS).default("info"))
    .action(bind(serve));
};

const serve: Run<Options> = async (context, _args, options) => {
  const { io, flags, parts } = context;
  const stop = io.interruptible();
  const config = await needConfig(flags, io.env, io.cwd);
  const { openApp } = await import("../../app.ts");
  const text = options.log === "text" || (options.log === "auto" && io.stdout.isTTY === true);
  const log = await parts.openLog(io.stdout, { level: options.logLevel, form: text ? "text" : "json" });
  await using app = await openApp({ config, env: io.env, log, listen: true, configured });
  keepMemorySmall();
  log.info("listening", { address: app.address, tokenFile: app.tokenFile, config });
  io.onHangup(() => void reload(app, log));
  await logEvents(app.control, log, stop);
  log.info("stopping: traffic stays as it is");
  return EXIT.reached;
};

/** From so many services on, what a start leaves behind is much; with few, collecting it in the midst took a fifth of its time. */
const MANY_SERVICES = 100;

function configured({ services }: Config): void {
  if (Object.keys(services).length >= MANY_SERVICES) keepMemorySmall();
}

/**
 * V8 lets garbage pile up to a share of the machine's memory; beside an nginx that memory has better uses. Measured with 1 000
 * services: 150 MB instead of 320 MB, and no difference in the time that a command takes.
 */
function keepMemorySmall(): void {
  setFlagsFromString("--optimize-for-size");
}

async function reload(app: App, log: Log): Promise<void> {
  try {
    log.info("configuration reloaded", { ...(await app.reload()) });
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems.map(formatProblem) : [];
    const reason = error instanceof Error ? error.message : String(error);
    log.error("configuration refused as a whole: the one before stays in force", problems.length > 0 ? { problems } : { reason });
  }
}

const PAGE = 500;
/** Kinds of events that a person should be told of even where nobody looks. */
const ALARMING = new Set(["refused", "reverting", "failed", "held"]);

/** A store that cannot be read now keeps nothing from being served: the journal is taken up again after this. */
const AGAIN_MS = 5_000;

/** A line for each thing that happens from now on, until `stop`. */
async function logEvents(control: Control, log: Log, stop: AbortSignal): Promise<void> {
  for (let last: number | null = null; !stop.aborted; ) {
    try {
      last ??= await newestSeq(control);
      for await (const event of control.follow({ service: null }, last, stop)) {
        last = event.seq;
        logEvent(log, event);
      }
    } catch (error) {
      log.error("the journal cannot be read", { reason: error instanceof Error ? error.message : String(error) });
      await sleep(AGAIN_MS, undefined, { signal: stop }).catch(() => undefined);
    }
  }
}

async function newestSeq(control: Control): Promise<number> {
  for (let last = 0; ; ) {
    const page = await control.events({ service: null, rollout: null }, { after: last, limit: PAGE });
    last = page.at(-1)?.seq ?? last;
    if (page.length < PAGE) return last;
  }
}

/** What a decision was made from stands in the journal; its text says the gist. */
function logEvent(log: Log, { text, kind, data, ...fields }: EventView): void {
  const all = { kind, ...fields, data: "decision" in data ? { decision: data.decision } : data };
  if (ALARMING.has(kind)) log.warn(text, all);
  else log.info(text, all);
}
