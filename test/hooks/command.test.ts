// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration and of shells.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Hook } from "../../src/core/hook.ts";
import { runningProcesses } from "../../src/hooks/processes.ts";
import { createHookRunner } from "../../src/hooks/runner.ts";
import { callOf, commandHook, HASTY, type RunHow, runHook } from "../support/hook-calls.ts";
import { until } from "../support/nginx.ts";
import { filling } from "../support/numbers.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-hooks-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Command = Partial<Hook & { do: "command" }>;

/** How `sh -c SCRIPT` ends as a hook. */
const sh = (script: string, more: Command = {}, how: RunHow = {}) => runHook(commandHook(["sh", "-c", script], more), how);

test.each<[string, string, boolean, string, string]>([
  ["success", "echo one; echo two >&2", true, "succeeded", "one\ntwo"],
  ["failure", "echo one; echo no space left >&2; exit 3", false, "ended with 3: no space left", "one\nno space left"],
  ["silence", "exit 1", false, "ended with 1", ""],
  ["a signal", "kill -KILL $$", false, "was ended by SIGKILL", ""],
  ["colours and cursors", "printf '\\033[31mred\\033[0m\\033[2J\\007'; exit 1", false, "ended with 1: red", "red"],
])("%s", async (_what, script, ok, text, output) => {
  expect(await sh(script)).toEqual({ ok, text, output });
});

test.each([
  ["is not there", "/no/such/program", "there is no such program"],
  ["is no program", "/etc/passwd", "it may not be executed"],
])("a program that %s", async (_what, file, why) => {
  expect(await runHook(commandHook([file]))).toEqual({ ok: false, text: `cannot be run: ${file}: ${why}`, output: "" });
});

test("what the rollout is about is filled in, and no shell reads it", async () => {
  const script = 'printf "%s|" "$1" "$2" "$3" "$V" "$K" "$LEAKED"';
  const hook = commandHook(["sh", "-c", script, "x", "{service}/{pool}/{rollout}", "{member} {step}", "{version} {other} {}"], {
    env: { V: { from: "text", text: "v{version}" }, K: { from: "text", text: "${KEY}" } },
  });
  const { output } = await runHook(hook, { env: { KEY: "from outside" }, call: { version: "$(touch x); ${KEY}" } });
  const version = "$(touch x); ${KEY}";
  // What came from outside is kept out of what is shown.
  expect(output).toBe(`web/green/web-3|10.0.0.1:80 batch 1 of 3|${version} {other} {}|v${version}|***||`);
});

test("the environment is what the rollout is about, and little else", async () => {
  const { output } = await runHook(commandHook(["env"]), { call: { member: null, version: null } });
  const names = output.split("\n").map((line) => line.slice(0, line.indexOf("=")));
  expect(names.filter((name) => !name.startsWith("SLUICE_"))).toEqual(["PATH"]);
  expect(output.split("\n").filter((line) => line.startsWith("SLUICE_"))).toEqual([
    "SLUICE_POINT=deploy",
    "SLUICE_KEY=web-3.1.before.0.10.0.0.1:80",
    "SLUICE_SERVICE=web",
    "SLUICE_ROLLOUT=web-3",
    "SLUICE_STRATEGY=rolling",
    "SLUICE_FROM=blue",
    "SLUICE_POOL=green",
    "SLUICE_MEMBER=",
    "SLUICE_VERSION=",
    "SLUICE_STEP=batch 1 of 3",
    'SLUICE_SHARES={"blue":9000,"green":1000}',
  ]);
});

test("a placeholder that stands for nothing is not run with nothing", async () => {
  const seen = join(folder, "ran");
  const end = await runHook(commandHook(["touch", seen, "{version}"]), { call: { version: null } });
  expect(end).toEqual({
    ok: false,
    text: "{version} stands for nothing: this rollout has no version; name one when you start it",
    output: "",
  });
  expect(existsSync(seen)).toBe(false);
});

test("what it was told in confidence is not told again", async () => {
  const path = join(folder, "secret");
  writeFileSync(path, "from-a-file\nmore\n");
  const env = { PW: { from: "text", text: "${PW}" }, TOKEN: { from: "file", path } } as const;
  const end = await sh('echo "$PW and $TOKEN"; echo "bad $PW" >&2; exit 1', { env }, { env: { PW: "hunter22" } });
  expect(end).toEqual({ ok: false, text: "ended with 1: bad ***", output: "*** and ***\nbad ***" });
});

test("the end of a long output is kept", async () => {
  const { output } = await sh("seq 1 200000");
  expect(output).toHaveLength(8_000);
  expect(output.endsWith("199999\n200000")).toBe(true);
});

test("at the deadline, all that it started is ended, and its last words are kept", async () => {
  const seen = join(folder, "deadline");
  const pids: number[] = [];
  const script = `trap 'echo cleaned up; exit 0' TERM; (sleep 60; echo late > ${seen}) & echo begun; wait`;
  const end = await sh(script, { deadlineMs: 300 }, { started: (pid) => void pids.push(pid) });
  expect(end).toEqual({ ok: false, text: "did not end within 0.3 s, and was ended", output: "begun\ncleaned up" });
  expect(await inGroup(pids[0])).toEqual([]);
});

test("what is no longer wanted is ended", async () => {
  const stop = new AbortController();
  const pids: number[] = [];
  const end = sh("echo begun; sleep 60", {}, { signal: stop.signal, started: (pid) => void pids.push(pid) });
  await until("it has begun", () => pids.length > 0);
  stop.abort();
  expect(await end).toMatchObject({ ok: false, text: "was ended: it is no longer wanted, or Sluice is stopping" });
  expect(await inGroup(pids[0])).toEqual([]);
});

test("whoever disposes the runner waits until what was ended is gone", async () => {
  const stop = new AbortController();
  const runner = createHookRunner({ fill: filling({}), inherited: { PATH: process.env.PATH }, times: HASTY });
  const seen = join(folder, "tidy");
  const hook = commandHook(["sh", "-c", `trap 'sleep 0.3; echo tidy > ${seen}; exit' TERM; sleep 60 & wait`]);
  const { promise: begun, resolve } = Promise.withResolvers<number>();
  void runner.run(callOf(hook), async (pid) => resolve(pid), stop.signal);
  const pid = await begun;
  await until("it has set its trap", async () => (await inGroup(pid)).length === 2);
  stop.abort();
  await runner[Symbol.asyncDispose]();
  expect(existsSync(seen)).toBe(true);
  expect(await inGroup(pid)).toEqual([]);
});

test("what it leaves running holds it up no longer than a moment, and lives on", async () => {
  const pids: number[] = [];
  const file = join(folder, "lives");
  // It has the hook's output, as a program has that a careless script puts into the background.
  const script = `(sleep 1; echo still here; echo lives > ${file}) & echo deployed`;
  const began = performance.now();
  expect(await sh(script, {}, { started: (pid) => void pids.push(pid) })).toMatchObject({ ok: true, output: "deployed" });
  expect(performance.now() - began).toBeLessThan(950);
  await until("it has written its file", () => existsSync(file) && readFileSync(file, "utf8") === "lives\n");
  await until("it has ended", async () => (await inGroup(pids[0])).length === 0);
});

async function inGroup(group: number | undefined): Promise<readonly number[]> {
  if (group === undefined) throw new Error("no process was started");
  return (await runningProcesses()).filter((one) => one.group === group).map(({ pid }) => pid);
}
