import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type RunningApi, startApi } from "../support/api.ts";
import { sluice } from "../support/cli.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { serviceView } from "../support/views.ts";

let folder: string;
let api: RunningApi;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-dashboard-"));
  api = await startApi(new ScriptedControl(serviceView()));
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const run = (args: readonly string[], env: Record<string, string> = {}) =>
  sluice(["dashboard", ...args], { env: { SLUICE_URL: api.url, SLUICE_TOKEN: api.token, ...env } });

test("the address stands alone on stdout, what to sign in with on stderr, and the token nowhere", async () => {
  const { code, stdout, stderr } = await run([]);
  expect([code, stdout]).toEqual([0, `${api.url}/`]);
  expect(stderr).toContain("sluice token create NAME --scope read");
  expect(stdout + stderr).not.toContain(api.token);
  await writeFile(join(folder, "token"), api.token);
  const byFile = await run(["--token-file", join(folder, "token")], { SLUICE_TOKEN: "" });
  expect(byFile.stderr).toContain(`the one in ${join(folder, "token")}`);
});

test("the page of a service is named, and a service that is none is exit 2", async () => {
  const { stdout } = await run(["web", "-o", "json"]);
  expect(JSON.parse(stdout)).toEqual({ url: `${api.url}/#/services/web`, opened: false });
  expect(await run(["wep"])).toMatchObject({ code: 2, stdout: "" });
});

test("where no controller answers it is exit 7, and so is a socket, which no browser reaches", async () => {
  await api[Symbol.asyncDispose]();
  expect(await run([])).toMatchObject({ code: 7, stdout: "" });
  const socket = join(folder, "api.sock");
  const unix = await run([], { SLUICE_URL: `unix:${socket}` });
  expect([unix.code, unix.stderr.includes("no address for a browser")]).toEqual([7, true]);
  api = await startApi(new ScriptedControl(serviceView()));
});

test("a browser is opened where there is a desktop and somebody wants it", async () => {
  const opened = join(folder, "opened");
  await writeFile(join(folder, "xdg-open"), `#!/bin/sh\nprintf %s "$1" > ${opened}\n`);
  await chmod(join(folder, "xdg-open"), 0o755);
  const env = { DISPLAY: ":0", PATH: `${folder}:/usr/bin:/bin` };
  await run(["web"], env);
  await run(["web", "--no-open"], env);
  await expect(readFile(opened)).rejects.toThrow();
  expect((await run(["web", "--open"], env)).code).toBe(0);
  expect(await readFile(opened, "utf8")).toBe(`${api.url}/#/services/web`);
  const without = await run(["--open"], { PATH: `${folder}:/usr/bin:/bin` });
  expect([without.code, without.stderr.includes("no desktop")]).toEqual([1, true]);
});
