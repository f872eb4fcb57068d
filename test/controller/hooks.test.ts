import { expect, test } from "vitest";
import type { Hooks } from "../../src/core/hook.ts";
import { NO_HOOKS } from "../../src/core/hook.ts";
import type { HookCall, HookEnd, HookRunner } from "../../src/core/ports.ts";
import { quiet } from "../simulation/timeline.ts";
import { commandHook } from "../support/hook-calls.ts";
import { House } from "./house.ts";

const GOOD: HookEnd = { ok: true, text: "succeeded", output: "migrated" };
const BAD: HookEnd = { ok: false, text: "ended with 3: no space left", output: "no space left" };

type Run = { readonly call: HookCall; readonly signal: AbortSignal; readonly end: (end: HookEnd) => void };

/** Hooks that run until a test ends them. Every process of Sluice that a test boots sees the same ones. */
class Hanging implements HookRunner {
  readonly runs: Run[] = [];
  /** False: no process id is told, as of an HTTP call. */
  tells = true;
  readonly leftOvers: { readonly key: string; readonly pid: number | null }[] = [];

  async run(call: HookCall, started: (pid: number) => Promise<void>, signal: AbortSignal): Promise<HookEnd> {
    const { promise, resolve } = Promise.withResolvers<HookEnd>();
    this.runs.push({ call, signal, end: resolve });
    signal.addEventListener("abort", () => resolve({ ok: false, text: "was ended", output: "half" }));
    if (this.tells) await started(4_000 + this.runs.length);
    return promise;
  }

  async endLeftOver(key: string, pid: number | null): Promise<void> {
    this.leftOvers.push({ key, pid });
  }

  get last(): Run {
    const run = this.runs.at(-1);
    if (run === undefined) throw new Error("no hook was run");
    return run;
  }
}

async function started(hooks: Partial<Hooks>): Promise<{ readonly house: House; readonly hanging: Hanging }> {
  const house = new House();
  const hanging = new Hanging();
  house.hooks = hanging;
  house.settings = { ...house.settings, hooks: { ...NO_HOOKS, ...hooks } };
  await house.canary({ version: "1.2.3" });
  return { house, hanging };
}

const migrate = { ...commandHook(["./migrate"]), name: "migrate" };
const check = { ...commandHook(["./check"]), name: "check" };

/** What the journal says of hooks. */
const said = (house: House) => house.events.filter(({ kind }) => kind === "hook").map(({ text }) => text);

const runs = async (house: House) => (await house.controller.explanation(house.rollout.id)).hooks;

test("nothing moves before the hooks of the start have succeeded, one after the other", async () => {
  const { house, hanging } = await started({ beforeStart: [migrate, check] });
  expect(hanging.runs.map(({ call }) => call.hook.name)).toEqual(["migrate"]);
  await house.pass(8_000);
  expect(house.green).toBe(0);
  hanging.last.end(GOOD);
  await house.pass(1_000);
  expect(hanging.runs.map(({ call }) => call.hook.name)).toEqual(["migrate", "check"]);
  expect(house.green).toBe(0);
  hanging.last.end(GOOD);
  await house.pass(1_000);
  expect(house.green).toBe(2_000);
  expect(said(house)).toEqual(["migrate begins", "migrate: succeeded", "check begins", "check: succeeded"]);
});

test("a hook is told what it is run for", async () => {
  const { house, hanging } = await started({ beforeStep: [check] });
  const { call } = hanging.last;
  const { id, startedAt } = house.rollout;
  expect(call).toEqual({
    hook: check,
    point: "beforeStep",
    key: `${id}.${startedAt.toString(36)}.0.before.${call.key.at(-1)}`,
    service: "web",
    rollout: id,
    strategy: "canary",
    from: "blue",
    pool: "green",
    version: "1.2.3",
    step: house.rollout.plan[0]?.label,
    // What the step wants, which is not what nginx serves yet.
    shares: { blue: 8_000, green: 2_000 },
    member: null,
  });
});

test("a hook that says no before anything moved leaves all as it is", async () => {
  const { house, hanging } = await started({ beforeStart: [migrate] });
  hanging.last.end(BAD);
  await house.pass(1_000);
  expect(house.rollout.phase).toMatchObject({ phase: "reverted", cause: "migrate failed: ended with 3: no space left" });
  expect(house.green).toBe(0);
});

test("how a hook ended is kept with its rollout, with what it said", async () => {
  const { house, hanging } = await started({ beforeStart: [migrate] });
  expect(await runs(house)).toMatchObject([{ name: "migrate", is: "running", run: 1, endedAt: null, text: "", output: "" }]);
  await house.pass(5_000);
  hanging.last.end(BAD);
  await house.pass(1_000);
  const [run] = await runs(house);
  expect(run).toMatchObject({
    is: "failed",
    point: "beforeStart",
    member: null,
    step: 0,
    text: BAD.text,
    output: "no space left",
  });
  expect(Date.parse(run?.endedAt ?? "") - Date.parse(run?.startedAt ?? "")).toBeGreaterThanOrEqual(5_000);
  // The record of the rollout is written again and again, and stays small.
  expect(JSON.stringify(house.rollout.tasks)).not.toContain("output");
});

test("a hook that a kill interrupted is ended, and runs again with the same key", async () => {
  const { house, hanging } = await started({ beforeStart: [migrate] });
  await house.boot();
  await house.pass(1_000);
  const [first, second] = hanging.runs;
  expect(hanging.runs).toHaveLength(2);
  expect(hanging.leftOvers).toEqual([{ key: first?.call.key, pid: 4_001 }]);
  expect(second?.call.key).toBe(first?.call.key);
  second?.end(GOOD);
  await house.pass(2_000);
  expect(house.green).toBe(2_000);
  expect(said(house)).toEqual(["migrate begins", "migrate begins again: Sluice was stopped while it ran", "migrate: succeeded"]);
  expect(await runs(house)).toMatchObject([{ run: 2, is: "succeeded" }]);
});

test("what a kill left is found, however many runs a rollout has", async () => {
  const { house, hanging } = await started({ beforeStart: [migrate] });
  const { key, value } = house.disk.entriesBelow("hooks/")[0] ?? { key: "", value: null };
  const over = { ...(value as object), key: "over", end: { ...GOOD, at: 0 } };
  house.disk.write(Array.from({ length: 1_200 }, (_, index) => ({ put: key.replace(/[^/]+$/, `0.a.${index}`), value: over })));
  await house.boot();
  await house.pass(1_000);
  expect(hanging.leftOvers).toEqual([{ key: hanging.runs[0]?.call.key, pid: 4_001 }]);
  expect(await runs(house)).toHaveLength(1_201);
});

test("what a rollout left running that was over before the kill is ended, too", async () => {
  const { house, hanging } = await started({ beforeStart: [migrate] });
  const { key } = hanging.last.call;
  const open = house.disk.entriesBelow("hooks/")[0];
  await house.command("abort");
  await house.pass(1_000);
  expect(house.rollout.phase.phase).toBe("reverted");
  // Its end was not stored before the kill.
  house.disk.write([{ put: open?.key ?? "", value: open?.value ?? null }]);
  await house.boot();
  await house.pass(1_000);
  expect(hanging.leftOvers).toEqual([{ key, pid: 4_001 }]);
});

test("a hook that was killed before its process was known is looked for all the same", async () => {
  const { house, hanging } = await started({ beforeStep: [check] });
  hanging.tells = false;
  await house.command("abort");
  await house.pass(1_000);
  await house.command("retry");
  await house.pass(1_000);
  const { call } = hanging.last;
  expect(call.rollout).toBe("web-2");
  await house.boot();
  await house.pass(1_000);
  expect(hanging.leftOvers).toEqual([{ key: call.key, pid: null }]);
});

test("a process that was killed tells nothing any more", async () => {
  const { house, hanging } = await started({ beforeStart: [migrate] });
  await house.boot();
  hanging.runs[0]?.end(GOOD);
  await house.pass(5_000);
  expect(house.green).toBe(0);
  expect(said(house)).not.toContain("migrate: succeeded");
});

test("a hook that succeeded is not run again after a restart, nor after a pause", async () => {
  const { house, hanging } = await started({ beforeStart: [migrate], beforeStep: [check] });
  hanging.last.end(GOOD);
  await house.pass(1_000);
  hanging.last.end(GOOD);
  await house.pass(1_000);
  await house.command("pause");
  await house.boot();
  await house.pass(1_000);
  await house.command("resume");
  await house.pass(1_000);
  expect(hanging.runs.map(({ call }) => call.hook.name)).toEqual(["migrate", "check"]);
  expect(hanging.leftOvers).toEqual([]);
});

test("an abort ends what runs, and waits for nothing", async () => {
  const { house, hanging } = await started({ beforeStart: [migrate] });
  await house.command("abort");
  expect(hanging.last.signal.aborted).toBe(true);
  await house.pass(1_000);
  expect(house.rollout.phase.phase).toBe("reverted");
  expect(await runs(house)).toMatchObject([{ is: "failed", text: "was ended", output: "half" }]);
});

test("Sluice ends a hook when it stops, and runs it again at the next start", async () => {
  const { house, hanging } = await started({ beforeStart: [migrate] });
  await house.controller[Symbol.asyncDispose]();
  expect(hanging.last.signal.aborted).toBe(true);
  await quiet();
  await house.boot();
  await house.pass(1_000);
  expect(hanging.runs).toHaveLength(2);
  // It is known to be gone.
  expect(hanging.leftOvers).toEqual([]);
  expect(house.rollout.phase.phase).toBe("moving");
});

test("a hook whose end the store refuses is told later, and not run again", async () => {
  const { house, hanging } = await started({ beforeStart: [migrate] });
  house.disk.refusing = true;
  hanging.last.end(GOOD);
  await house.pass(10_000);
  expect(house.green).toBe(0);
  expect(house.complaints).toContain("a hook could not be stored; trying again");
  house.disk.refusing = false;
  await house.pass(3_000);
  expect(house.green).toBe(2_000);
  expect(hanging.runs).toHaveLength(1);
});

test("a hook does not begin before that is stored", async () => {
  const { house, hanging } = await started({ beforeStep: [check] });
  hanging.last.end(GOOD);
  await house.pass(1_000);
  house.disk.refusing = true;
  await house.pass(30_000);
  expect(hanging.runs).toHaveLength(1);
  house.disk.refusing = false;
  await house.pass(30_000);
  expect(hanging.runs).toHaveLength(2);
  expect(hanging.runs[1]?.call.step).toBe(house.rollout.plan[1]?.label);
});

test("a rollout that needs a person tells so, once", async () => {
  const { house, hanging } = await started({ onFailed: [check] });
  house.nginx.refuses = "no such file";
  await house.command("abort");
  await house.pass(10_000);
  expect(house.rollout.phase.phase).toBe("failed");
  expect(hanging.runs.map(({ call }) => call.point)).toEqual(["onFailed"]);
  hanging.last.end(BAD);
  await house.pass(10_000);
  expect(hanging.runs).toHaveLength(1);
});
