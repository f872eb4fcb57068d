import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { endGroup } from "../../src/hooks/group.ts";
import { endLeftOver } from "../../src/hooks/left-over.ts";
import { runningProcesses } from "../../src/hooks/processes.ts";
import { until } from "../support/nginx.ts";

/** A shell with a child in a group of its own, as a hook is that its Sluice left behind. */
async function leave(script: string, env: Readonly<Record<string, string>> = {}): Promise<number> {
  const child = execa("sh", ["-c", script], { detached: true, reject: false, stdio: "ignore", env });
  const { pid } = child;
  if (pid === undefined) throw new Error("sh did not start");
  onTestFinished(async () => {
    await endGroup(pid, 0);
    await child;
  });
  await until("its child runs", async () => (await inGroup(pid)).length > 1);
  return pid;
}

async function inGroup(group: number): Promise<readonly number[]> {
  return (await runningProcesses()).filter((one) => one.group === group).map(({ pid }) => pid);
}

const KEY = "web-3.1.before.0";
const HOOK = { SLUICE_KEY: KEY };

test("all of a group is ended, however deaf to SIGTERM", async () => {
  const pid = await leave("trap '' TERM; sleep 60; sleep 60", HOOK);
  await endGroup(pid, 100);
  expect(await inGroup(pid)).toEqual([]);
});

test("a group is ended by its number", async () => {
  const pid = await leave("sleep 60; true", HOOK);
  await endLeftOver(KEY, pid, 1_000);
  expect(await inGroup(pid)).toEqual([]);
});

test("also where the program itself is gone and its children are not", async () => {
  const pid = await leave("sleep 60 & sleep 60 & wait", HOOK);
  process.kill(pid, "SIGKILL");
  await until("it is gone", async () => !(await inGroup(pid)).includes(pid));
  expect(await inGroup(pid)).not.toEqual([]);
  await endLeftOver(KEY, pid, 1_000);
  expect(await inGroup(pid)).toEqual([]);
});

test("where nobody wrote down its number, it is found by its key", async () => {
  const pid = await leave("sleep 60; true", HOOK);
  const other = await leave("sleep 60; true", { SLUICE_KEY: `${KEY}0` });
  await endLeftOver(KEY, null, 1_000);
  expect(await inGroup(pid)).toEqual([]);
  expect(await inGroup(other)).not.toEqual([]);
});

test("a number that somebody else has by now is left alone", async () => {
  const pid = await leave("sleep 60; true");
  await endLeftOver(KEY, pid, 1_000);
  expect(await inGroup(pid)).not.toEqual([]);
});

test("nothing is left where everything ended", async () => {
  await endLeftOver(KEY, 4_194_303, 1_000);
  await endLeftOver(KEY, null, 1_000);
});
