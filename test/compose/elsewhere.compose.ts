import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, describe, expect, test } from "vitest";
import { startPool } from "../end-to-end/pools.ts";
import { serverBlock } from "../end-to-end/server-block.ts";
import type { MemberServer } from "../support/members.ts";
import { makePrefix, startNginx, until } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";
import { root } from "../support/sources.ts";
import { Clients, summary } from "./clients.ts";
import { type Edge, makeEdge, removeAll, runOptions } from "./edge.ts";
import { docker } from "./engine.ts";
import { IMAGES, RUN } from "./images.ts";

const MAIN = join(root, "src/main.ts");
const ends: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Two members a pool, on loopback of this machine. */
async function startPools(): Promise<{ readonly blue: readonly MemberServer[]; readonly green: readonly MemberServer[] }> {
  const pools = { blue: await startPool("blue", 2), green: await startPool("green", 2) };
  ends.push(() => Promise.all([...pools.blue, ...pools.green].map((member) => member[Symbol.asyncDispose]())));
  return pools;
}

/** sluice.yaml of a folder, with the `nginx:` block that is tried out. */
function writeConfiguration(folder: string, nginx: string, pools: Awaited<ReturnType<typeof startPools>>): string {
  const file = join(folder, "sluice.yaml");
  const list = (members: readonly MemberServer[]) => members.map(({ address }) => address).join(", ");
  writeFileSync(
    file,
    `api: { listen: "unix:${folder}/api.sock" }
state: ./state
nginx: ${nginx}
services:
  web:
    routing: live
    pools: { blue: { members: [${list(pools.blue)}] }, green: { members: [${list(pools.green)}] } }
    stable: blue
    health: { path: /healthz, interval: 250ms, passes: 1, fails: 2 }
    metrics: { errors: { source: scrape, window: 1s, interval: 250ms, ratio: { of: 'http_requests_total{code=~"5.."}', to: http_requests_total } } }
    canary:
      steps: [{ share: 20%, for: 1500ms }, { share: 60%, for: 1500ms }]
      checks: [{ metric: errors, below: 5%, minRequests: 5 }]
`,
  );
  return file;
}

/** The command line on this machine. */
async function cli(config: string, ...args: string[]): Promise<{ readonly exitCode: number; readonly text: string }> {
  const done = await execa(process.execPath, [MAIN, ...args, "--config", config], { reject: false, all: true, stdin: "ignore" });
  return { exitCode: done.exitCode ?? -1, text: done.all };
}

/** The controller as a process of this machine; it ends with the test. */
async function serveHere(config: string): Promise<void> {
  const child = spawn(process.execPath, [MAIN, "serve", "--config", config], { stdio: "ignore" });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  ends.push(() => {
    child.kill("SIGTERM");
    return gone;
  });
  await ready(config);
}

async function ready(config: string): Promise<void> {
  await until(
    "the controller answers",
    async () => (await cli(config, "status", "web", "--url", `unix:${join(config, "../api.sock")}`)).exitCode === 0,
    20_000,
  );
}

/** A canary to its end, under traffic: nobody may lose a request, and all of it is on green then. */
async function moves(config: string, urls: readonly string[]): Promise<void> {
  const clients = urls.map((url) => new Clients(url));
  ends.push(() => Promise.all(clients.map((one) => one[Symbol.asyncDispose]())));
  const { exitCode, text } = await cli(config, "start", "web", "--wait", "--timeout", "60s");
  expect(exitCode, text).toBe(0);
  for (const one of clients) {
    expect(summary(one.take())).toEqual({ versions: ["blue", "green"], failed: 0, lost: 0 });
    expect(summary(await one.during(500))).toEqual({ versions: ["green"], failed: 0, lost: 0 });
  }
}

/** An nginx container with a folder of its own, driven by `docker exec`. */
async function edge(name: string): Promise<{ readonly edge: Edge; readonly block: string }> {
  const folder = makePrefix();
  const made = makeEdge(name, folder, await freePort());
  ends.push(() => removeAll([made.container], [folder]));
  const { container } = made;
  const run = `docker, exec, ${container}, nginx, -c, ${folder}/nginx.conf`;
  const block = `{ include: ${folder}/sluice, tables: ${folder}/tables, status: "127.0.0.1:${await freePort()}", test: [${run}, -t], reload: [${run}, -s, reload] }`;
  return { edge: made, block };
}

describe("nginx on the host", () => {
  test("with Sluice in a container: signals, and the host's own files", async () => {
    const folder = makePrefix();
    const [port, status] = [await freePort(), await freePort()];
    const nginx = `{ test: none, config: ${folder}/nginx.conf, pid: ${folder}/nginx.pid, include: ${folder}/sluice, tables: ${folder}/tables, status: "127.0.0.1:${status}" }`;
    const config = writeConfiguration(folder, nginx, await startPools());
    const options = [
      ...runOptions(`sluice-test-${RUN}-controller`, [folder]),
      "--pid",
      "host",
      "--security-opt",
      "apparmor=unconfined",
    ];
    ends.push(() => removeAll([`sluice-test-${RUN}-controller`], [folder]));
    const { exitCode, text } = await cli(config, "render", "--write");
    expect(exitCode, text).toBe(0);
    await using edge = await startNginx({ prefix: folder, http: serverBlock(folder, port, "live", "error timeout"), workers: 2 });
    await docker(...options, IMAGES.SLUICE_IMAGE, "serve", "--config", config);
    await ready(config);
    await moves(config, [`http://127.0.0.1:${port}`]);
    expect(edge.logs()).not.toMatch(/\[(emerg|alert)\]/);
  });
});

describe("Sluice on the host", () => {
  test("with nginx in a container: docker exec", async () => {
    const { edge: one, block } = await edge("edge");
    const config = writeConfiguration(one.folder, block, await startPools());
    expect((await cli(config, "render", "--write")).exitCode).toBe(0);
    await one.start();
    await serveHere(config);
    await moves(config, [one.url]);
  });

  test("with two nginx in containers: a step counts when both have proved it", async () => {
    const [first, second] = [await edge("one"), await edge("two")];
    const config = writeConfiguration(first.edge.folder, `\n  one: ${first.block}\n  two: ${second.block}`, await startPools());
    expect((await cli(config, "render", "--write")).exitCode).toBe(0);
    await Promise.all([first.edge.start(), second.edge.start()]);
    await serveHere(config);
    await docker("pause", second.edge.container);
    const started = await cli(config, "start", "web", "--steps", "50%:approved", "--detach");
    expect(started.exitCode, started.text).toBe(0);
    const rollout = async () => JSON.parse((await cli(config, "status", "web", "-o", "json")).text).rollout;
    await until("the second holds the step up", async () => /two/.test((await rollout()).reason ?? ""), 10_000);
    expect(await rollout()).toMatchObject({ phase: "applying", step: 0 });
    await docker("unpause", second.edge.container);
    await until("both have proved it", async () => (await rollout()).phase === "waiting", 15_000);
    expect((await cli(config, "abort", "web", "--wait")).exitCode).toBe(0);
    await moves(config, [first.edge.url, second.edge.url]);
  });
});
