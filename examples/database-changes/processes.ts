import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { type Dispatcher, request } from "undici";

/** The environment of everything that is started here. */
export type Env = Readonly<Record<string, string>>;
/** What a command printed, and how it ended. */
export type Said = { readonly code: number; readonly text: string };

const START_MS = 20_000;
const STOP_MS = 5_000;

/** Runs a command to its end; a code that is not 0 is an answer. `interrupted` ends it. */
export async function run([file = "", ...args]: readonly string[], env: Env, interrupted: AbortSignal): Promise<Said> {
  const options = { env, extendEnv: false, reject: false, stdin: "ignore", all: true, cancelSignal: interrupted } as const;
  const { exitCode, all } = await execa(file, args, options);
  interrupted.throwIfAborted();
  return { code: exitCode ?? -1, text: all };
}

/** Runs a command that has to succeed. */
export async function succeeded(running: Promise<Said>): Promise<void> {
  const { code, text } = await running;
  if (code !== 0) throw new Error(`ended with ${code}: ${text}`);
}

/**
 * Starts a program that runs until it is disposed of. Where it ends before, what it said is printed. It has a process group of its own:
 * Ctrl-C reaches this process alone, which ends things in their order.
 */
export function start([file = "", ...args]: readonly string[], env: Env): AsyncDisposable {
  const options = { env, extendEnv: false, reject: false, stdin: "pipe", all: true, detached: true } as const;
  const child = execa(file, args, { ...options, forceKillAfterDelay: STOP_MS });
  const end = () => child.kill("SIGTERM");
  process.once("exit", end);
  let isWanted = true;
  void child.then(({ all }) => {
    if (isWanted) console.error(`${[file, ...args].join(" ")} ended by itself:\n${all}`);
  });
  return {
    async [Symbol.asyncDispose]() {
      isWanted = false;
      end();
      await child;
      process.off("exit", end);
    },
  };
}

/** Waits until `url` answers as `isIt` says. */
export async function answers(
  url: string,
  isIt: (status: number) => boolean,
  { interrupted, dispatcher }: { readonly interrupted: AbortSignal; readonly dispatcher?: Dispatcher },
): Promise<void> {
  const until = performance.now() + START_MS;
  for (;;) {
    interrupted.throwIfAborted();
    const status = await statusOf(url, dispatcher);
    if (status !== null && isIt(status)) return;
    if (performance.now() > until) throw new Error(`${url} was not ready within ${START_MS / 1_000} s: ${status ?? "no answer"}`);
    await sleep(20);
  }
}

/** Null where nothing answers. */
async function statusOf(url: string, dispatcher: Dispatcher | undefined): Promise<number | null> {
  try {
    const { statusCode, body } = await request(url, dispatcher === undefined ? {} : { dispatcher });
    await body.dump();
    return statusCode;
  } catch {
    return null;
  }
}
