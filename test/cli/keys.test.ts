import { describe, expect, test } from "vitest";
import { actionsFor, KeyPad } from "../../src/cli/keys.ts";
import { checkView, ended, rolloutView } from "../support/views.ts";

const words = (...args: Parameters<typeof actionsFor>) => actionsFor(...args).map(({ key, word }) => `${key} ${word}`);
const effectOf = (key: string, ...args: Parameters<typeof actionsFor>) =>
  actionsFor(...args).find((action) => action.key === key)?.effect;

describe("the keys of a live view", () => {
  test.each([
    ["while it observes", rolloutView(), ["n next", "p promote", "u pause", "a abort"]],
    ["while it is paused", rolloutView({ phase: "paused" }), ["p promote", "u resume", "a abort"]],
    ["where it failed", rolloutView({ phase: "failed" }), ["r retry", "a abort"]],
    ["while it goes back", rolloutView({ phase: "reverting" }), []],
    ["after its end", ended("promoted", "every step passed"), []],
  ])("are those that mean something: %s", (_, rollout, keys) => {
    expect(words(rollout)).toEqual(keys);
  });

  test("approve where a person is waited for", () => {
    const steps = rolloutView().steps.map((step) => ({ ...step, until: "approval" as const }));
    const waits = { phase: "waiting", remainingMs: null, steps } as const;
    expect(words(rolloutView({ ...waits, reason: "waits for approval: sluice advance web" }))).toContain("n approve");
    const forMembers = rolloutView({ ...waits, reason: "waits for every member of green to be ready (1 of 2)" });
    expect(words(forMembers)).toEqual(["p promote", "u pause", "a abort"]);
  });

  test("say what they bring about", () => {
    expect(effectOf("n", rolloutView())).toBe("go on to step 2 (50% to green)");
    expect(effectOf("a", rolloutView())).toBe("send everything back to blue");
    const unproved = [checkView(), checkView({ name: "p95", is: "inconclusive" })];
    expect(effectOf("p", rolloutView({ checks: unproved }))).toBe("send 100% to green now, although these have not passed: p95");
  });

  test("name the failing member of a rolling update", () => {
    const failing = { members: ["10.0.0.3:80"], text: "it did not become healthy" };
    const rolling = { pool: "blue", batch: 1, batches: 2, minReady: 1, goingBack: false, failing, members: [] };
    const rollout = rolloutView({ strategy: "rolling", phase: "waiting", rolling });
    expect(words(rollout)).toEqual(["u pause", "r retry", "s skip", "x exclude", "a abort"]);
    expect(actionsFor(rollout).find(({ key }) => key === "x")?.command).toEqual({ verb: "exclude", member: "10.0.0.3:80" });
  });
});

describe("a key that moves traffic", () => {
  const rollout = rolloutView();

  test("asks at first, and does it when it is pressed again", () => {
    const pad = new KeyPad(false);
    expect(pad.press("a", rollout, 0)).toEqual({ is: "ask", text: "abort: send everything back to blue? a again to do it" });
    expect(pad.press("a", rollout, 4_999)).toMatchObject({ is: "run", action: { command: { verb: "abort" } } });
    expect(pad.press("a", rollout, 5_000)).toMatchObject({ is: "ask" });
  });

  test("is forgotten after another key, and after a while", () => {
    const pad = new KeyPad(false);
    pad.press("a", rollout, 0);
    expect(pad.press("p", rollout, 1)).toMatchObject({ is: "ask" });
    expect(pad.press("a", rollout, 2)).toMatchObject({ is: "ask" });
    expect(pad.press("a", rollout, 5_003)).toMatchObject({ is: "ask" });
  });

  test("asks anew where the rollout has moved in between", () => {
    const pad = new KeyPad(false);
    pad.press("n", rollout, 0);
    expect(pad.press("n", rolloutView({ step: 1 }), 1)).toEqual({
      is: "ask",
      text: "next: go on to step 3 (100% to green)? n again to do it",
    });
  });

  test("does it at once where whoever watches said so", () => {
    expect(new KeyPad(true).press("a", rollout, 0)).toMatchObject({ is: "run" });
  });
});

test("pausing moves no traffic, and needs one press", () => {
  expect(new KeyPad(false).press("u", rolloutView(), 0)).toMatchObject({ is: "run", action: { command: { verb: "pause" } } });
});

test.each(["q", "\u0003", "\u0004"])("%j leaves, whatever the rollout does", (key) => {
  expect(new KeyPad(false).press(key, null, 0)).toEqual({ is: "leave" });
});

test("any other key does nothing", () => {
  expect(new KeyPad(true).press("z", rolloutView(), 0)).toEqual({ is: "nothing" });
  expect(new KeyPad(true).press("\u001b[A", rolloutView(), 0)).toEqual({ is: "nothing" });
});
