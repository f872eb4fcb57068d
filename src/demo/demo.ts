import { EXIT, type ExitCode } from "../cli/exit.ts";
import { type Env, type Io, line } from "../cli/io.ts";
import type { Ms } from "../core/units.ts";
import type { Ending } from "./ending.ts";
import type { Seen } from "./picture.ts";
import { type PlayOptions, play } from "./play.ts";
import { keepUp } from "./playground.ts";
import { SCENES } from "./scenes.ts";
import { openStack, type Stack } from "./stack.ts";
import { openStage } from "./stage.ts";
import { isGood, summaryLines } from "./summary.ts";
import type { Tally } from "./tally.ts";
import { REQUESTS_PER_SECOND } from "./traffic.ts";

export type DemoOptions = {
  readonly io: Io;
  /** Stay up for playing instead of playing the acts. */
  readonly keep: boolean;
  /** False for `--no-color`. */
  readonly colour: boolean;
};

/** Shows it all on a throw-away nginx with four small servers. Leaves no process and no file behind, however it ends. */
export async function runDemo(options: DemoOptions): Promise<ExitCode> {
  const { io } = options;
  const interrupted = orHangup(io);
  line(io.stdout, "Starting nginx, four small apps, clients and the controller on loopback.");
  const exit = await runOn(options, interrupted).catch((error: unknown) => {
    if (interrupted.aborted && error === interrupted.reason) return EXIT.interrupted;
    throw error;
  });
  if (interrupted.aborted) line(io.stdout, "Stopped: every process has ended, and the folder is removed.");
  return exit;
}

async function runOn({ io, keep, colour }: DemoOptions, interrupted: AbortSignal): Promise<ExitCode> {
  const startedMs = io.mono();
  const pace = paceOf(io.env);
  const asRoot = process.getuid?.() === 0;
  const portsFrom = process.pid * PORTS_APART;
  await using stack = await openStack({ env: io.env, mono: io.mono, pace, portsFrom, asRoot, interrupted });
  const seen = () => seenBy(stack.tally, io.mono());
  const poolOf = (version: string) => poolThatRuns(stack, version);
  using stage = await openStage({ io, colour, seen, poolOf, footer: "Ctrl-C ends it and removes everything" });
  stage.say(`Clients ask ${stack.url} ${REQUESTS_PER_SECOND} times a second.`, `Everything lies in ${stack.folder}.`);
  stage.say(`Watch it in a browser, with buttons: ${stack.dashboard}`, "");
  if (keep) {
    await keepUp(stack, stage, interrupted);
    return EXIT.reached;
  }
  const endings = await playAll({ stack, stage, interrupted, mono: io.mono, pace });
  if (interrupted.aborted) return EXIT.interrupted;
  const summary = { endings, seen: seen(), poolOf, tookMs: io.mono() - startedMs, ...complaints(stack) };
  const good = isGood(summary, SCENES.length);
  stage.say(...summaryLines(summary, good, stage.style));
  return good ? EXIT.reached : EXIT.unexpected;
}

/** Scene after scene, as long as each ends as it should: the next one builds on it. */
async function playAll(options: PlayOptions): Promise<readonly Ending[]> {
  const endings: Ending[] = [];
  for (const scene of SCENES) {
    if (options.interrupted.aborted) break;
    const ending = await play(scene, options);
    endings.push(ending);
    if (!ending.good) break;
  }
  return endings;
}

function seenBy(tally: Tally, nowMs: Ms): Seen {
  return { versions: tally.versions(), now: tally.now(nowMs), total: tally.total, lost: tally.lost };
}

function complaints({ tally, warnings }: Stack) {
  return { troubles: tally.troubles, warnings };
}

function poolThatRuns({ pools }: Stack, version: string): string | null {
  const found = Object.entries(pools).find(([, servers]) => servers.some((server) => server.version === version));
  return found?.[0] ?? null;
}

/** A terminal that is closed ends the demo as Ctrl-C does. */
function orHangup(io: Io): AbortSignal {
  const hungUp = new AbortController();
  io.onHangup(() => hungUp.abort());
  return AbortSignal.any([io.interruptible(), hungUp.signal]);
}

/** How far two demos on one machine look for ports apart from each other. */
const PORTS_APART = 211;

/** For tests: SLUICE_DEMO_PACE=0.2 makes every dwell a fifth as long. */
function paceOf({ SLUICE_DEMO_PACE: text }: Env): number {
  const pace = Number(text ?? "1");
  return pace > 0 && pace <= 1 ? pace : 1;
}
