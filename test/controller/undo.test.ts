import { describe, expect, test } from "vitest";
import type { StartInput, UndoInput } from "../../src/core/control.ts";
import type { RevisionView } from "../../src/core/view.ts";
import { ROLLING } from "../core/rolling-story.ts";
import { ANN, House, START } from "./house.ts";

const UNDO: UndoInput = { revision: null, replace: false, reason: null };

async function house(): Promise<House> {
  const house = new House();
  await house.boot();
  await house.pass(5_000);
  return house;
}

/** Switches and waits for the end. */
async function release(house: House, to: string, version: string | null, more: Partial<StartInput> = {}): Promise<void> {
  await house.controller.start("web", { ...START, strategy: "blue-green", to, version, ...more }, ANN, null);
  await house.pass(30 * 60_000);
}

async function undo(house: House, input: Partial<UndoInput> = {}) {
  const rollout = await house.controller.undo("web", { ...UNDO, ...input }, ANN, null);
  return rollout;
}

async function history(house: House): Promise<readonly RevisionView[]> {
  return house.controller.revisions("web", { limit: 100, before: null });
}

const refusal = (code: string, text: RegExp) => expect.objectContaining({ code, message: expect.stringMatching(text) });

test("each rollout that is over is one, and what was there before the first is number 0", async () => {
  const at = await house();
  await release(at, "green", "v1");
  await at.controller.start("web", { ...START, to: "blue", version: "v2" }, ANN, null);
  await at.pass(5_000);
  await at.command("abort");
  await at.pass(5_000);
  const shown = (await history(at)).map(({ number, rollout, version, stable, result }) => [
    number,
    rollout,
    version,
    stable,
    result,
  ]);
  expect(shown).toEqual([
    [2, "web-2", "v2", "green", "reverted"],
    [1, "web-1", "v1", "green", "promoted"],
    [0, null, null, "blue", "initial"],
  ]);
  const [, first] = await history(at);
  expect(first).toMatchObject({ members: at.settings.pools.green?.members, strategy: "blue-green", startedBy: "ann" });
  expect(first?.durationMs).toBeGreaterThan(0);
});

test("they come in pages", async () => {
  const at = await house();
  await release(at, "green", "v1");
  const page = await at.controller.revisions("web", { limit: 1, before: 1 });
  expect(page.map(({ number }) => number)).toEqual([0]);
});

test("an undo goes back to a pool that is warm at once, without its checks, its bake and its gates, and is a new revision", async () => {
  const at = await house();
  await release(at, "green", "v1");
  const rollout = await undo(at);
  expect(rollout).toMatchObject({ id: "web-2", strategy: "blue-green", from: "green", to: "blue" });
  expect(rollout.steps.map(({ label }) => label)).toEqual(["switch", "commit"]);
  await at.pass(10_000);
  expect(at.green).toBe(0);
  const [newest] = await history(at);
  expect(newest).toMatchObject({ number: 2, stable: "blue", undoes: 0, reason: "undo to revision 0" });
});

test("an undo of an undo is what was undone", async () => {
  const at = await house();
  await release(at, "green", "v1");
  await undo(at);
  await at.pass(10_000);
  expect(await undo(at)).toMatchObject({ to: "green", version: "v1" });
  await at.pass(10_000);
  expect(at.green).toBe(10_000);
});

test("an undo passes over what was reverted", async () => {
  const at = await house();
  await release(at, "green", "v1");
  await at.controller.start("web", { ...START, to: "blue", version: null }, ANN, null);
  await at.pass(5_000);
  await at.command("abort");
  await at.pass(5_000);
  await expect(undo(at)).rejects.toEqual(refusal("changed-since", /no longer runs what revision 0 brought: web-2/));
});

test("a pool that is not all ready is gone back to through the strategy", async () => {
  const at = await house();
  await release(at, "green", "v1");
  const [member] = at.settings.pools.blue?.members ?? [];
  at.down.add(member ?? "");
  await at.pass(30_000);
  const rollout = await undo(at);
  expect(rollout.strategy).toBe("canary");
  expect(rollout.steps.length).toBeGreaterThan(2);
});

test("nor is one at once that was well a moment ago, and does not answer now", async () => {
  const at = await house();
  await release(at, "green", "v1");
  const [member] = at.settings.pools.blue?.members ?? [];
  at.down.add(member ?? "");
  expect((await undo(at)).strategy).toBe("canary");
});

test("a spare that nobody uses need not answer", async () => {
  const at = new House();
  at.settings = { ...at.settings, rolling: { ...ROLLING, pool: "blue", spares: ["10.9.9.9:80"], checks: [] } };
  at.down.add("10.9.9.9:80");
  await at.boot();
  await at.pass(5_000);
  await release(at, "green", "v1");
  expect((await undo(at)).strategy).toBe("blue-green");
});

test("it is refused once the members of the pool are others", async () => {
  const at = await house();
  await release(at, "green", "v1");
  await at.controller.setMembers("web", "blue", ["10.9.9.9:80"], ANN);
  await expect(undo(at)).rejects.toEqual(
    refusal("changed-since", /members of blue have changed since revision 0: .*10\.9\.9\.9:80/),
  );
});

test("it is refused where it is stable already, was never stable, or never was", async () => {
  const at = await house();
  await expect(undo(at)).rejects.toEqual(refusal("nothing-to-undo", /nothing of web has become stable/));
  await release(at, "green", "v1");
  await at.controller.start("web", { ...START, to: "blue" }, ANN, null);
  await at.pass(5_000);
  await at.command("abort");
  await at.pass(5_000);
  await expect(undo(at, { revision: 1 })).rejects.toEqual(
    refusal("already-stable", /revision 1 is what is stable already: v1 on green/),
  );
  await expect(undo(at, { revision: 2 })).rejects.toEqual(refusal("nothing-to-undo", /its rollout went back/));
  await expect(undo(at, { revision: 9 })).rejects.toEqual(refusal("unknown-revision", /no revision 9/));
});

test("it is refused while a rollout is under way, unless that is to go back first", async () => {
  const at = await house();
  await release(at, "green", "v1");
  await at.controller.start("web", { ...START, to: "blue" }, ANN, null);
  await at.pass(5_000);
  await expect(undo(at)).rejects.toEqual(refusal("rollout-running", /web-2/));
});

describe("with replace, it sends back what is under way", () => {
  test("only where there is something to go back to then", async () => {
    const at = await house();
    await release(at, "green", "v1");
    await at.controller.start("web", { ...START, to: "blue" }, ANN, null);
    await at.pass(5_000);
    // What is under way is for the same pool, with another version as far as anybody knows.
    await expect(undo(at, { replace: true, revision: 0 })).rejects.toEqual(refusal("changed-since", /web-2/));
    await expect(undo(at, { replace: true, revision: 2 })).rejects.toEqual(refusal("nothing-to-undo", /its rollout went back/));
    await expect(undo(at, { replace: true, revision: 9 })).rejects.toEqual(refusal("unknown-revision", /no revision 9/));
    await at.pass(2_000);
    expect(at.events.filter(({ kind }) => kind === "reverting")).toEqual([]);
    expect([at.rollout.id, at.rollout.phase.phase]).toEqual(["web-2", "moving"]);
  });

  test("and goes there once that is back", async () => {
    const at = await house();
    await release(at, "green", "v1");
    await release(at, "blue", "v2");
    await at.controller.start("web", { ...START, to: "green", version: "v1" }, ANN, null);
    await at.pass(5_000);
    const undone = undo(at, { replace: true, revision: 1 });
    await at.pass(10_000);
    expect(await undone).toMatchObject({ id: "web-4", to: "green", version: "v1" });
    expect((await history(at)).map(({ rollout, result }) => [rollout, result]).slice(0, 2)).toEqual([
      ["web-4", "promoted"],
      ["web-3", "reverted"],
    ]);
  });
});

test("what nobody gave a version is gone back to as long as nothing else was brought there", async () => {
  const at = await house();
  await release(at, "green", null);
  await release(at, "blue", null);
  await release(at, "green", null);
  await expect(undo(at, { revision: 0 })).rejects.toEqual(refusal("changed-since", /web-2 came after it/));
  await expect(undo(at, { revision: 1 })).rejects.toEqual(refusal("changed-since", /means to update its members/));
  expect(await undo(at)).toMatchObject({ to: "blue" });
});

describe("a freeze", () => {
  const always = {
    name: "always",
    days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    from: 0,
    to: 0,
    zone: "UTC",
  } as const;

  async function frozen(): Promise<House> {
    const at = await house();
    await release(at, "green", "v1");
    at.settings = { ...at.settings, freezes: [always] };
    await at.boot();
    await at.pass(5_000);
    await expect(release(at, "blue", "v2")).rejects.toMatchObject({ code: "frozen" });
    return at;
  }

  test("does not hold an undo", async () => {
    const at = await frozen();
    await undo(at);
    await at.pass(10_000);
    expect(at.green).toBe(0);
  });

  test("does not hold the steps of one that goes through the strategy", async () => {
    const at = await frozen();
    const member = at.settings.pools.blue?.members[0] ?? "";
    at.down.add(member);
    await at.pass(30_000);
    expect(await undo(at)).toMatchObject({ strategy: "canary" });
    at.down.delete(member);
    await at.pass(10 * 60_000);
    expect([at.rollout.phase.phase, at.green]).toEqual(["promoted", 0]);
  });
});
