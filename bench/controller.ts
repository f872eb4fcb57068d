import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { execa } from "execa";
import { Client } from "undici";
import type { ServiceView } from "../src/core/view.ts";
import { until } from "../test/support/nginx.ts";
import { end, endWithUs } from "./children.ts";
import { nowMs } from "./clock.ts";
import { processorUs } from "./processor-time.ts";

const SLUICE = join(import.meta.dirname, "../bin/sluice.js");
const READY_MS = 60_000;

/** Runs one command of `sluice` to its end. */
export async function sluice(...args: readonly string[]): Promise<void> {
  await execa(process.execPath, [SLUICE, ...args], { stdin: "ignore", timeout: 120_000 });
}

/** A real controller in a process of its own, driven over its HTTP API. */
export class ControllerProcess implements AsyncDisposable {
  /** From the start of the process until `/readyz` said 200. */
  readonly readyMs: number;
  readonly pid: number;
  readonly #startedMs: number;
  readonly #child: ChildProcess;
  readonly #client: Client;
  readonly #token: string;

  private constructor(child: ChildProcess, client: Client, folder: string, startedMs: number) {
    this.#child = child;
    this.#client = client;
    this.#token = readFileSync(join(folder, "state/token"), "utf8").trim();
    this.#startedMs = startedMs;
    this.readyMs = this.ageMs();
    this.pid = child.pid ?? 0;
  }

  /** Starts `sluice serve` on `sluice.yaml` of a folder, whose API listens on this port of the loopback. */
  static async start(folder: string, port: number): Promise<ControllerProcess> {
    const from = nowMs();
    const child = spawn(process.execPath, [SLUICE, "serve", "--config", join(folder, "sluice.yaml"), "--log", "json"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    endWithUs(child);
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-5_000);
      });
    const client = new Client(`http://127.0.0.1:${port}`);
    while (!(await isReady(client))) {
      if (child.exitCode !== null) throw new Error(`the controller ended with ${child.exitCode}:\n${said}`);
      if (nowMs() - from > READY_MS) throw new Error(`the controller is not ready after ${READY_MS} ms:\n${said}`);
      await wait(2);
    }
    return new ControllerProcess(child, client, folder, from);
  }

  /** One call with a JSON body. Resolves once the answer is there; throws where it is not a 2xx. */
  async post(path: string, body: object): Promise<void> {
    const answer = await this.#client.request({
      method: "POST",
      path,
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`POST ${path} was answered ${answer.statusCode}: ${text}`);
  }

  async service(name: string): Promise<ServiceView> {
    const headers = { authorization: `Bearer ${this.#token}` };
    const answer = await this.#client.request({ method: "GET", path: `/v1/services/${name}`, headers });
    return (await answer.body.json()) as ServiceView;
  }

  /** Waits until a service is as `look` wants it. */
  async reaches(name: string, what: string, look: (service: ServiceView) => boolean): Promise<void> {
    await until(`${name}: ${what}`, async () => look(await this.service(name)), 15_000);
  }

  /** Resident memory now, and the most that it ever was, in MB (10^6 bytes). Linux only. */
  memoryMb(): { readonly now: number; readonly most: number } {
    const text = readFileSync(`/proc/${this.pid}/status`, "utf8");
    const read = (name: string) => (Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(text)?.[1]) * 1_024) / 1e6;
    return { now: read("VmRSS"), most: read("VmHWM") };
  }

  /** Milliseconds since the process was started. */
  ageMs(): number {
    return nowMs() - this.#startedMs;
  }

  /** Processor time so far, of all its threads. */
  cpuMs(): number {
    return processorUs(this.pid) / 1_000;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.destroy();
    await end(this.#child);
  }
}

async function isReady(client: Client): Promise<boolean> {
  try {
    const answer = await client.request({ method: "GET", path: "/readyz" });
    await answer.body.dump();
    return answer.statusCode === 200;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED" || (error as Error).name === "SocketError") return false;
    throw error;
  }
}
