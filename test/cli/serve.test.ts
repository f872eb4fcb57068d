import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Running, sluice, startSluice } from "../support/cli.ts";
import { until } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";

let folder: string;
let port: number;
let running: Running | null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-cli-"));
  port = await freePort();
  running = null;
  await configure("web");
});

afterEach(async () => {
  running?.kill("SIGTERM");
  await running?.ended;
  await rm(folder, { recursive: true });
});

/** No nginx runs there: `serve` waits for it, and answers meanwhile. */
async function configure(service: string, more = ""): Promise<void> {
  await writeFile(
    join(folder, "sluice.yaml"),
    `api: { listen: "127.0.0.1:${port}" }
state: ./state
nginx: { config: ./nginx.conf, pid: ./nginx.pid, include: ./include, tables: ./tables }
services:
  ${service}:
    stable: blue
    pools: { blue: { members: ["127.0.0.1:9"] }, green: { members: ["127.0.0.1:9"] } }
${more}`,
  );
  await writeFile(join(folder, "nginx.conf"), "events {}\nhttp { include include/current/*.http.conf; }\n");
}

type Line = { readonly level: string; readonly text: string } & Readonly<Record<string, unknown>>;

const lines = (): Line[] =>
  (running?.stdout() ?? "")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

async function serve(...args: string[]): Promise<Running> {
  running = startSluice(["serve", ...args], { cwd: folder });
  await until("it listens", () => running?.stdout().includes("listening") === true);
  return running;
}

async function said(text: string): Promise<Line> {
  await until(`it says "${text}"`, () => lines().some((line) => line.text.includes(text)));
  return lines().find((line) => line.text.includes(text)) as Line;
}

describe("serve", () => {
  test("says where it listens and where the token lies, never the token, in lines of JSON", async () => {
    await serve();
    const tokenFile = join(folder, "state", "token");
    expect(await said("listening")).toMatchObject({ level: "info", address: `http://127.0.0.1:${port}`, tokenFile });
    const token = (await readFile(tokenFile, "utf8")).trim();
    expect((await stat(tokenFile)).mode & 0o777).toBe(0o600);
    expect(running?.stdout()).not.toContain(token);
  });

  test("writes a line for each thing that happens", async () => {
    await serve();
    await sluice(["members", "web", "green", "set", "127.0.0.1:10"], { cwd: folder });
    const mine = () => lines().find((line) => line.kind === "members");
    await until("the line of it", () => mine() !== undefined);
    expect(mine()).toMatchObject({
      level: "info",
      service: "web",
      actor: "admin",
      text: expect.stringContaining("127.0.0.1:10"),
    });
  });

  test("is found by the other commands through the same configuration", async () => {
    await serve();
    expect(await sluice(["status", "-o", "name"], { cwd: folder })).toEqual({ code: 0, stdout: "web", stderr: "" });
    expect((await sluice(["version"], { cwd: folder })).stdout).toContain(`(http://127.0.0.1:${port})`);
  });

  test("is named once, with its pid, to a second one that wants the same state", async () => {
    await serve();
    const { code, stderr } = await sluice(["serve"], { cwd: folder });
    expect(code).toBe(5);
    expect(stderr).toMatch(/is driven by sluice \(pid \d+, since 20[^)]+\): use its API/);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("ends at %s with exit 0, and gives the state free", async (signal) => {
    await serve();
    running?.kill(signal);
    expect((await running?.ended)?.code).toBe(0);
    expect((await sluice(["status", "-o", "name"], { cwd: folder })).stdout).toBe("web");
  });

  test("takes a changed configuration at SIGHUP", async () => {
    await serve();
    await configure("shop");
    running?.kill("SIGHUP");
    await said("configuration reloaded");
    expect((await sluice(["status", "-o", "name"], { cwd: folder })).stdout).toBe("shop");
  });

  test("takes a changed configuration by `sluice reload`, and says what changed", async () => {
    await serve();
    await configure("shop");
    expect(await sluice(["reload"], { cwd: folder })).toMatchObject({
      code: 0,
      stdout: "added shop\nremoved web",
      stderr: expect.stringContaining("took the configuration over"),
    });
    expect((await sluice(["status", "-o", "name"], { cwd: folder })).stdout).toBe("shop");
    const again = await sluice(["reload", "-o", "json"], { cwd: folder });
    expect(JSON.parse(again.stdout)).toMatchObject({ added: [], changed: [], removed: [] });
    const told = (await sluice(["events"], { cwd: folder })).stdout.split("\n").filter((one) => one.includes("configuration"));
    expect(told).toEqual([
      expect.stringMatching(/ sluice configuration: sluice\.yaml was taken over: added shop; removed web \(admin\)$/),
    ]);
  });

  test("refuses by `sluice reload` what is wrong and what cannot change now, with its place, and keeps the whole of the old", async () => {
    await serve();
    const reload = () => sluice(["reload", "--url", `http://127.0.0.1:${port}`, "--token-file", "state/token"], { cwd: folder });
    await configure("shop", "    routin: live\n");
    const wrong = await reload();
    expect(wrong.code).toBe(6);
    expect(wrong.stderr).toContain("invalid-configuration");
    expect(wrong.stderr).toContain("sluice.yaml:8:5 services.shop.routin: ");
    await configure("shop", "templates: ./templates\n");
    await mkdir(join(folder, "templates"));
    const restart = await reload();
    expect(restart.code).toBe(6);
    expect(restart.stderr).toContain("configuration-refused");
    expect(restart.stderr).toMatch(/sluice\.yaml:8:\d+ templates: a change here needs a restart/);
    await configure("web");
    expect((await sluice(["status", "-o", "name"], { cwd: folder })).stdout).toBe("web");
  });

  test("is what `sluice reload` needs", async () => {
    const { code, stderr } = await sluice(["reload"], { cwd: folder });
    expect(code).toBe(7);
    expect(stderr).toContain("start it with `sluice serve`");
  });

  test("keeps the whole of the old one where anything is wrong with the new, and says what", async () => {
    await serve();
    await configure("shop", "    routin: live\n");
    running?.kill("SIGHUP");
    const line = await said("configuration refused as a whole");
    expect(line).toMatchObject({ level: "error", problems: [expect.stringContaining("sluice.yaml:8:5 services.shop.routin: ")] });
    await configure("web");
    expect((await sluice(["status", "-o", "name"], { cwd: folder })).stdout).toBe("web");
  });

  test("writes text where that is asked for", async () => {
    await serve("--log", "text");
    expect(running?.stdout()).toMatch(/^\d\d:\d\d:\d\d info {2}listening address=http/m);
  });
});
