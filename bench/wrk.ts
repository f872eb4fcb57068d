import { spawnSync } from "node:child_process";
import { execa } from "execa";
import { Clients } from "./clients.ts";
import { nowMs } from "./clock.ts";

/** What a burst of load came to. */
export type Burst = { readonly requests: number; readonly seconds: number };

/** Connections of a burst: enough that one worker of nginx always has something to do. */
const CONNECTIONS = 32;

export const hasWrk: boolean = spawnSync("wrk", ["-v"]).error === undefined;

/** As many requests as one worker of nginx takes, for some seconds; wrk on one core, if any is said. Throws where one was not answered with 200. */
export async function burst(port: number, seconds: number, core: number | null = null): Promise<Burst> {
  return hasWrk ? byWrk(port, seconds, core) : byClients(port, seconds);
}

/** The same, where requests may be lost: those that were answered, and the most that were under way at the end. */
export async function answered(port: number, seconds: number): Promise<{ readonly requests: number; readonly open: number }> {
  const [, requests] = /(\d+) requests in [\d.]+s/.exec(await wrk(port, seconds, null)) ?? [];
  return { requests: Number(requests), open: CONNECTIONS };
}

async function wrk(port: number, seconds: number, core: number | null): Promise<string> {
  const command = ["wrk", "-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, `http://127.0.0.1:${port}/`];
  const [program = "", ...options] = core === null ? command : ["taskset", "--cpu-list", String(core), ...command];
  return (await execa(program, options, { timeout: (seconds + 30) * 1_000 })).stdout;
}

async function byWrk(port: number, seconds: number, core: number | null): Promise<Burst> {
  const stdout = await wrk(port, seconds, core);
  const [, requests, took] = /(\d+) requests in ([\d.]+)s/.exec(stdout) ?? [];
  if (requests === undefined || took === undefined || /Non-2xx|Socket errors/.test(stdout))
    throw new Error(`wrk on port ${port}:\n${stdout}`);
  return { requests: Number(requests), seconds: Number(took) };
}

/** Without wrk: clients in Node, which nginx outruns, so that only the processor time says something. */
async function byClients(port: number, seconds: number): Promise<Burst> {
  await using clients = await Clients.start(port, CONNECTIONS, 0);
  await clients.forget();
  const from = nowMs();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const { total, failed, troubles } = await clients.count("", 0);
  if (failed > 0) throw new Error(`${failed} requests on port ${port} failed: ${troubles.join(", ")}`);
  return { requests: total, seconds: (nowMs() - from) / 1_000 };
}
