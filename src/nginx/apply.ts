import type { Ms } from "../core/units.ts";
import { whileClosing } from "./closing.ts";
import { type Build, signalReload, testAll, testCommand } from "./command.ts";
import type { ErrorLog } from "./error-log.ts";
import type { Generations, Manifest } from "./files.ts";
import { parseFiles } from "./inspect/disk.ts";
import { childrenOf, findMaster, type Master, startOption } from "./processes.ts";
import { type Proof, prove } from "./proof.ts";
import { closingFlag, type TargetSettings } from "./settings.ts";
import type { StatusClient } from "./status.ts";
import { words } from "./words.ts";

/** What applying works with: one nginx, its folder, its log and its status server. */
export type Bench = {
  readonly settings: TargetSettings;
  readonly build: Build;
  readonly files: Generations;
  readonly status: StatusClient;
  /** Null where nginx writes none that can be read. */
  readonly errorLog: ErrorLog | null;
  readonly monotonic: () => Ms;
  readonly signal: AbortSignal;
};

export type Proved = Proof & { readonly is: "proved" };

/**
 * How a signal ended. `undone`: nginx did not take the set, and serves the one before; `dropped` where the one before served all
 * the while, so that trying again costs nothing. `broken`: it does not serve that one either.
 */
export type Outcome =
  | { readonly is: "proved"; readonly proof: Proved /** From the signal on. */; readonly tookMs: Ms }
  | {
      readonly is: "undone";
      readonly text: string;
      readonly file: string | null;
      readonly dropped: boolean;
      readonly proof: Proved;
    }
  | { readonly is: "broken"; readonly text: string };

/**
 * Puts a written generation in place and tests all of nginx's configuration with it; null where it is good.
 *
 * Where it is bad, what was before is in place again, and the raw words of the test come back.
 */
export async function putInPlace(bench: Bench, to: string, from: string | null, master: Master | null): Promise<string | null> {
  await bench.files.mark({ from, to });
  await bench.files.swap(to);
  const tested = await testAll(bench.settings.drive, prefixOf(master));
  if (tested.is === "good") return null;
  if (from !== null) await bench.files.restore({ from, to });
  return tested.text;
}

/** True where nginx's configuration is good as it lies on disk. */
export async function isGood(bench: Bench, master: Master | null): Promise<boolean> {
  return (await testAll(bench.settings.drive, prefixOf(master))).is === "good";
}

export type Reload = {
  readonly to: Manifest;
  /** What to go back to; null where there is nothing before. */
  readonly from: string | null;
  readonly urgent: boolean;
  /** Ends the closing wait where something urgent turns up. */
  readonly hurry: AbortSignal;
  /** Called when the signal is sent. */
  readonly signalled: () => void;
};

/** Signals nginx to serve what is in place, and proves it; goes back to what was before where it does not. */
export async function reload(bench: Bench, input: Reload): Promise<Outcome> {
  const { settings, build } = bench;
  const { urgent, hurry } = input;
  const { closingMs } = settings;
  const closing = closingMs > 0 && !build.capabilities.keepaliveMinTimeout;
  let start = bench.monotonic();
  const go = () => {
    start = bench.monotonic();
    return signalAndProve(bench, input.to.generation, input.signalled);
  };
  const proof = closing ? await whileClosing({ flag: closingFlag(settings.tables), closingMs, urgent, hurry }, go) : await go();
  if (proof.is === "proved") {
    await bench.files.mark(null);
    return { is: "proved", proof, tookMs: bench.monotonic() - start };
  }
  return goBack(bench, input, proof);
}

async function goBack(bench: Bench, input: Reload, failed: Failed): Promise<Outcome> {
  const { text, file } = (await missingInclude(bench, failed)) ?? explain(bench, failed);
  const { from } = input;
  if (from === null) return { is: "broken", text };
  await bench.files.restore({ from, to: input.to.generation });
  const intact = failed.how === "dropped" || failed.how === "late" ? await stillServes(bench, from) : null;
  const proof = intact ?? (await signalAgain(bench, from, input.signalled));
  if (proof.is === "proved")
    return { is: "undone", text, file, dropped: failed.how === "dropped" || failed.how === "late", proof };
  return {
    is: "broken",
    text: `${text}; and nginx does not serve the configuration before it either: ${explain(bench, proof).text}`,
  };
}

/**
 * Workers of the bad configuration may still be dying, and be complained of, when the good one is signalled: so a second look
 * that finds an outage signals once more.
 */
async function signalAgain(bench: Bench, generation: string, signalled: () => void): Promise<Proved | Failed> {
  let proof = await signalAndProve(bench, generation, signalled);
  for (let tries = 1; tries < 3 && proof.is === "failed" && proof.how === "outage"; tries += 1)
    proof = await signalAndProve(bench, generation, signalled);
  return proof;
}

/** Where nginx dropped the new configuration, its old workers never stopped: then a second signal would gain nothing. */
async function stillServes(bench: Bench, generation: string): Promise<Proved | null> {
  if ((await bench.status.generation())?.generation !== generation) return null;
  const proof = await proveServing(bench, generation, 1_000);
  return proof.is === "proved" ? proof : null;
}

/** Proves, without a signal, that nginx serves a generation with all of its workers. */
export async function proveServing(bench: Bench, generation: string, deadlineMs: Ms): Promise<Proof> {
  const master = await masterOf(bench);
  if (master.is === "failed") return master;
  return prove({ ...eyes(bench), log: null, generation, before: [], master: master.master, deadlineMs });
}

type Failed = (Proof & { readonly is: "failed" }) & { readonly unsent?: string };

async function signalAndProve(bench: Bench, generation: string, signalled: () => void): Promise<Proved | Failed> {
  const { drive, deadlineMs } = bench.settings;
  const found = await masterOf(bench);
  if (found.is === "failed") return found;
  const { master } = found;
  const log = bench.errorLog !== null && (await bench.errorLog.mark()) ? bench.errorLog : null;
  const before = master === null ? [] : (await childrenOf(master)).serving;
  signalled();
  const unsent = await signalReload(drive, master);
  if (unsent !== null) return { is: "failed", how: "dropped", said: [], unsent };
  return prove({ ...eyes(bench), log, generation, before, master, deadlineMs });
}

async function masterOf(bench: Bench): Promise<{ readonly is: "found"; readonly master: Master | null } | Failed> {
  const { pid } = bench.settings.drive;
  if (pid === null) return { is: "found", master: null };
  const found = await findMaster(pid);
  if (found.is === "master") return { is: "found", master: found.master };
  return { is: "failed", how: "gone", said: [], unsent: found.why };
}

function eyes(bench: Bench) {
  return { status: bench.status, monotonic: bench.monotonic, signal: bench.signal };
}

const NGINX_SAYS = /\[(?:emerg|alert|crit)\]/;

/** The likeliest reason for silence: nginx was never told to read our files. */
async function missingInclude(
  { settings }: Bench,
  failed: Failed,
): Promise<{ readonly text: string; readonly file: null } | null> {
  if (failed.how !== "late" || failed.said.length > 0 || settings.drive.by !== "local") return null;
  const { config } = settings.drive;
  const tree = await parseFiles(config);
  if (tree.problems.length > 0 || tree.files.some((file) => file.startsWith(`${settings.include}/current/`))) return null;
  const line = `include ${settings.include}/current/*.http.conf;`;
  return { text: `nginx does not include Sluice's files: add "${line}" to the http block of ${config}`, file: null };
}

function explain(bench: Bench, failed: Failed): { readonly text: string; readonly file: string | null } {
  const lookAt = bench.errorLog === null ? testCommand(bench.settings.drive) : `look into ${bench.errorLog.path}`;
  if (failed.unsent !== undefined) {
    // `nginx -s reload` reads the configuration itself, and quotes it where it is bad.
    const said = NGINX_SAYS.test(failed.unsent) ? words(failed.unsent, bench.settings.include, lookAt) : null;
    return said === null ? { text: failed.unsent, file: null } : { text: `the reload failed: ${said.text}`, file: said.file };
  }
  if (failed.said.length > 0) return words(failed.said.join("\n"), bench.settings.include, lookAt);
  switch (failed.how) {
    case "gone":
      return { text: "nginx ended while it was reloading", file: null };
    case "outage":
      return { text: `all workers of nginx ended; ${lookAt}`, file: null };
    case "dropped":
    case "late":
      return { text: `nginx did not serve the new configuration within ${bench.settings.deadlineMs} ms; ${lookAt}`, file: null };
  }
}

function prefixOf(master: Master | null): string | null {
  return master === null ? null : startOption(master, "p");
}
