import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isToken } from "../../src/api/tokens.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { type RunningApi, startApi } from "../support/api.ts";
import { sluice } from "../support/cli.ts";
import { freePort } from "../support/ports.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { serviceView } from "../support/views.ts";

describe("with a running controller", () => {
  let api: RunningApi;
  beforeEach(async () => {
    api = await startApi(new ScriptedControl(serviceView()));
  });
  afterEach(() => api[Symbol.asyncDispose]());

  const run = (...args: string[]) => sluice(["token", ...args], { env: { SLUICE_URL: api.url, SLUICE_TOKEN: api.token } });

  test("a token is printed alone on stdout, works, is listed without itself, and is taken back", async () => {
    const made = await run("create", "ci", "--scope", "operate", "--service", "web", "--expires", "90d");
    expect(made.code, made.stderr).toBe(0);
    expect(isToken(made.stdout)).toBe(true);
    expect(made.stderr).toContain("the only time");
    const mine = { env: { SLUICE_URL: api.url, SLUICE_TOKEN: made.stdout } };
    expect((await sluice(["status", "-o", "name"], mine)).stdout).toBe("web");
    const listed = await run("list");
    expect(listed.stdout).toMatch(
      /^NAME +SCOPE +SERVICES +CREATED +BY +EXPIRES +LAST USED\nci +operate +web +20\S+ \S+Z +tester +20\S+ \S+Z +20/,
    );
    expect(listed.stdout).not.toContain("sluice_");
    expect(await run("revoke", "ci")).toMatchObject({ code: 0, stdout: "revoked ci" });
    expect((await sluice(["status"], mine)).code).toBe(7);
    expect(JSON.parse((await run("list", "-o", "json")).stdout)).toEqual({ tokens: [] });
  });

  test("what cannot be is said: the name is taken, the service is unknown, there is no such token", async () => {
    await run("create", "ci", "--scope", "read");
    const again = await run("create", "ci", "--scope", "read");
    expect([again.code, again.stdout]).toEqual([5, ""]);
    expect(again.stderr).toContain("sluice token revoke ci");
    const typo = await run("create", "x", "--scope", "read", "--service", "wep");
    expect([typo.code, typo.stderr.includes("services: web")]).toEqual([2, true]);
    expect(await run("revoke", "nobody")).toMatchObject({ code: 2, stderr: expect.stringContaining("tokens: ci") });
  });

  test.each([
    [["create", "ci"]],
    [["create", "ci", "--scope", "root"]],
    [["create", "ci", "--scope", "read", "--expires", "soon"]],
    [["create", "CI", "--scope", "read"]],
    [["create", "ci", "--scope", "admin", "--service", "web"]],
    [["revoke"]],
  ])("%j is exit 2", async (args) => {
    expect(await run(...args)).toMatchObject({ code: 2, stdout: "" });
  });

  test("a token that may only operate makes none, exit 7", async () => {
    const { stdout: token } = await run("create", "ci", "--scope", "operate");
    const env = { SLUICE_URL: api.url, SLUICE_TOKEN: token };
    const { code, stderr } = await sluice(["token", "create", "more", "--scope", "admin"], { env });
    expect(code).toBe(7);
    expect(stderr).toContain("needs the scope admin");
  });
});

test("the newest events of its services are shown to a token for some, however many there are of others", async () => {
  const control = new ScriptedControl(...["web", "shop", "pay"].map((name) => serviceView({ name })));
  await using api = await startApi(control);
  for (let at = 0; at < 1_100; at += 1) control.happen({ service: "web" });
  control.happen({ service: "shop", text: "of shop" });
  const env = (token: string) => ({ env: { SLUICE_URL: api.url, SLUICE_TOKEN: token } });
  const create = ["token", "create", "both", "--scope", "read", "--service", "shop", "--service", "pay"];
  const { stdout: token } = await sluice(create, env(api.token));
  expect((await sluice(["events"], env(token))).stdout).toMatch(/^\S+ \S+ shop .*of shop$/);
});

describe("without a running controller", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-cli-"));
    const pools = 'pools: { blue: { members: ["127.0.0.1:9"] }, green: { members: ["127.0.0.1:9"] } }';
    const api = `api: { listen: "127.0.0.1:${await freePort()}" }`;
    await writeFile(join(folder, "sluice.yaml"), `${api}\nstate: ./state\nservices:\n  web:\n    stable: blue\n    ${pools}\n`);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const run = (...args: string[]) => sluice(["token", ...args], { cwd: folder });

  test("the same works on its state, by the name cli", async () => {
    const { stdout, code, stderr } = await run("create", "ci", "--scope", "operate", "--service", "web");
    expect([code, isToken(stdout)], stderr).toEqual([0, true]);
    expect(JSON.parse((await run("list", "-o", "json")).stdout)).toMatchObject({
      tokens: [{ name: "ci", services: ["web"], createdBy: "cli" }],
    });
    expect((await run("create", "x", "--scope", "read", "--service", "wep")).code).toBe(2);
    expect((await run("revoke", "ci")).code).toBe(0);
    expect((await run("list")).stderr).toContain("no token was made");
    const { stdout: told } = await sluice(["events"], { cwd: folder });
    expect(told).toMatch(
      / sluice token: the token ci was made: operate for web \(cli\)\n.* the token ci was taken back \(cli\)$/,
    );
    expect(String(await readFile(join(folder, "state", "sluice.db")))).not.toContain(stdout);
  });

  test("and waits for nobody who drives that state: exit 5", async () => {
    await using store = await openSqlite(join(folder, "state"));
    await using _lease = await store.lease("test");
    const { code, stderr } = await run("list");
    expect(code).toBe(5);
    expect(stderr).toContain("is driven by test");
  });
});
