import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { count } from "../support/client.ts";
import { type MemberServer, startMember } from "../support/members.ts";
import { makePrefix, type Nginx, startNginx, until } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";
import { root } from "../support/sources.ts";
import { wordsOf } from "./command-lines.ts";
import { type Block, blocksOf, readPages } from "./pages.ts";

/** The blocks of the README that stand behind `<!-- quickstart: WHAT -->`. */
function quickstart(what: string): readonly Block[] {
  const readme = readPages().find(({ path }) => path === "README.md");
  if (readme === undefined) throw new Error("README.md is missing");
  const lines = readme.text.split("\n");
  return blocksOf(readme).filter(({ line }) => lines[line - 2] === `<!-- quickstart: ${what} -->`);
}

const blue: MemberServer[] = [];
const green: MemberServer[] = [];
const commands = quickstart("commands").flatMap(({ text }) => text.split("\n"));
let nginx: Nginx;
let port = 0;
let moved: readonly (readonly [string, string])[] = [];
let controller: ChildProcess | null = null;

/** Takes a text of the README to the folder and the ports of this test. */
function here(text: string): string {
  return moved.reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
}

const SLUICE = [join(root, "src/main.ts")];

/** The README's command line that begins with these words, run as it stands there. */
async function run(begins: string): Promise<{ readonly code: number; readonly text: string }> {
  const line = commands.find((one) => one.startsWith(begins));
  if (line === undefined) throw new Error(`the quickstart has no ${begins}`);
  const [, ...args] = wordsOf(here(line));
  const env = { SLUICE_CONFIG: here("/etc/sluice/sluice.yaml"), NO_COLOR: "1" };
  const { exitCode, all } = await execa(process.execPath, [...SLUICE, ...args], {
    env,
    reject: false,
    all: true,
    timeout: 15_000,
  });
  return { code: exitCode ?? -1, text: all };
}

beforeAll(async () => {
  for (const [pool, members] of [
    ["v1", blue],
    ["v2", green],
  ] as const)
    for (const number of [1, 2]) members.push(await startMember({ name: `${pool}-${number}`, version: pool }));
  const prefix = makePrefix();
  const [edge, api, status] = [await freePort(), await freePort(), await freePort()];
  port = edge;
  moved = [
    ["/etc/nginx/nginx.conf", join(prefix, "nginx.conf")],
    ["/etc/nginx/sluice", join(prefix, "include")],
    ["/etc/sluice/", `${prefix}/etc/`],
    ["/var/lib/sluice/", `${prefix}/lib/`],
    ["/run/nginx.pid", join(prefix, "nginx.pid")],
    ["127.0.0.1:7070", `127.0.0.1:${api}`],
    ["127.0.0.1:7071", `127.0.0.1:${status}`],
    ["127.0.0.1:8001", blue[0]?.address ?? ""],
    ["127.0.0.1:8002", blue[1]?.address ?? ""],
    ["listen 80;", `listen 127.0.0.1:${edge};`],
    ["10%:30s", "10%:1m"],
  ];
  mkdirSync(join(prefix, "etc"));
  nginx = await startNginx({ prefix, http: here(quickstart("nginx before")[0]?.text ?? "") });
});

afterAll(async () => {
  if (controller !== null && controller.exitCode === null) {
    controller.kill("SIGTERM");
    await once(controller, "exit");
  }
  await nginx[Symbol.asyncDispose]();
  rmSync(nginx.prefix, { recursive: true, force: true });
  for (const member of [...blue, ...green]) await member[Symbol.asyncDispose]();
});

const url = () => `http://127.0.0.1:${port}`;

describe("the quickstart of the README", () => {
  test("writes a configuration from the nginx that is there, and says which lines to add", { timeout: 20_000 }, async () => {
    const { code, text } = await run("sluice init");
    expect(code, text).toBe(0);
    const after = quickstart("nginx after")[0]?.text ?? "";
    for (const added of text.split("\n").filter((line) => /^ {4,}(include|proxy_)/.test(line)))
      expect(after, `the README shows: ${added}`).toContain(added.trim());
    const file = here("/etc/sluice/sluice.yaml");
    const members = `green: { members: [${green.map(({ address }) => address).join(", ")}] }`;
    const written = readFileSync(file, "utf8");
    expect(written).toContain("green: { members: [] }");
    writeFileSync(file, here(written.replace("green: { members: [] }", members)));
  });

  test("writes the first files, and nginx takes the lines that it shows", { timeout: 20_000 }, async () => {
    const { code, text } = await run("sluice render --write");
    expect(code, text).toBe(0);
    nginx.write(here(quickstart("nginx after")[0]?.text ?? ""));
    expect(await nginx.test()).toMatchObject({ ok: true });
    const checked = await run("sluice check --nginx");
    expect(checked.code, checked.text).toBe(0);
    expect(checked.text).not.toMatch(/error (?!configuration)|✖/);
  });

  test("runs, and moves a part of the traffic to the new version and back", { timeout: 60_000 }, async () => {
    expect(commands).toContain("sluice serve");
    const env = { ...process.env, SLUICE_CONFIG: here("/etc/sluice/sluice.yaml") };
    const log = join(nginx.prefix, "serve.log");
    controller = spawn(process.execPath, [...SLUICE, "serve"], { env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [controller.stdout, controller.stderr])
      stream?.on("data", (chunk: Buffer) => appendFileSync(log, chunk));
    const serves = async () => (await fetch(`http://${here("127.0.0.1:7070")}/readyz`).catch(() => null))?.ok === true;
    await until("the controller is ready", serves, 15_000);
    const started = await run("sluice start web");
    expect(started.code, started.text).toBe(0);
    await until(
      "10 % are served",
      async () => /in nginx +blue 90%, green 10%/.test((await run("sluice status web")).text),
      15_000,
    );
    const seen = await count(url(), 100);
    expect(seen).toEqual({ v1: 90, v2: 10 });
    const aborted = await run("sluice abort web");
    expect(aborted.code, aborted.text).toBe(0);
    await until("all is back", async () => /in nginx +blue 100%/.test((await run("sluice status web")).text), 15_000);
    expect(await count(url(), 50)).toEqual({ v1: 50 });
  });
});
