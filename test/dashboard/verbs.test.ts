import { describe, expect, test } from "vitest";
import type { RolloutView } from "../../src/core/view.ts";
import { needsAttention } from "../../src/dashboard/attention.ts";
import { offersFor, type Verb } from "../../src/dashboard/verbs.ts";
import { checkView, ended, memberView, rolloutView, serviceView } from "../support/views.ts";

const MAY = { operate: true, live: true };

/** The verbs that are offered, those that cannot be used with a `-` before them. */
function offered(rollout: RolloutView | null, may = MAY, before: string | null = "v1 on blue"): readonly string[] {
  return offersFor(serviceView({ rollout }), may, before).map(({ verb, blocked }) => (blocked === null ? verb : `-${verb}`));
}

const offer = (rollout: RolloutView | null, verb: Verb) =>
  offersFor(serviceView({ rollout }), MAY, "v1 on blue").find((one) => one.verb === verb);

test("a retry names the step that it goes on with: the one that failed, not the way back that came after it", () => {
  const step = { shares: { blue: 10_000 }, until: "time" } as const;
  const steps = [
    { ...step, label: "20 %", state: "stopped" },
    { ...step, label: "back", state: "now" },
  ] as const;
  expect(offer(rolloutView({ phase: "failed", step: 1, steps }), "retry")?.does).toContain("the step that failed, 20 %,");
});

describe("what is offered", () => {
  test.each([
    ["nothing was rolled out", null, ["start", "undo"]],
    ["it is promoted", ended("promoted", "done"), ["start", "undo"]],
    ["it is reverted", ended("reverted", "bad"), ["start", "retry", "undo"]],
    ["it observes", rolloutView(), ["advance", "promote", "pause", "abort"]],
    ["nginx is taking the step", rolloutView({ phase: "applying" }), ["-advance", "promote", "pause", "abort"]],
    ["it waits", rolloutView({ phase: "waiting" }), ["advance", "promote", "pause", "abort"]],
    ["it is paused", rolloutView({ phase: "paused" }), ["-advance", "-promote", "resume", "abort"]],
    ["it goes back", rolloutView({ phase: "reverting" }), ["-advance", "-promote", "-pause", "-abort"]],
    ["it failed", rolloutView({ phase: "failed" }), ["retry", "abort"]],
  ] as const)("where %s", (_, rollout, verbs) => {
    expect(offered(rollout)).toEqual(verbs);
  });

  test("nothing, with a token that may only read, or where the page is stale", () => {
    for (const may of [
      { operate: false, live: true },
      { operate: true, live: false },
    ]) {
      expect(offered(rolloutView(), may).every((verb) => verb.startsWith("-"))).toBe(true);
      expect(offered(null, may).every((verb) => verb.startsWith("-"))).toBe(true);
    }
  });

  test("no undo where nothing was stable before", () => {
    expect(offered(null, MAY, null)).toEqual(["start", "-undo"]);
  });
});

describe("what a button says", () => {
  test("an abort never asks, in no phase", () => {
    for (const phase of ["applying", "observing", "waiting", "paused", "failed"] as const)
      expect(offer(rolloutView({ phase }), "abort")).toMatchObject({ blocked: null, confirm: null });
  });

  test("a promotion says what it skips, and that no abort leads back from it", () => {
    expect(offer(rolloutView({ step: 1 }), "promote")?.does).toContain("skips the step that is left");
    expect(offer(rolloutView(), "promote")?.confirm).toMatch(/100\s%.*skips the 2 steps.*no abort leads back to blue/);
  });

  test("advance is an approval where one is waited for, and goes on in spite of a hold", () => {
    const steps = rolloutView().steps.map((step, index) => (index === 0 ? { ...step, until: "approval" as const } : step));
    expect(offer(rolloutView({ phase: "waiting", steps }), "advance")?.label).toBe("Approve");
    const hold = { on: "evidence", reason: "too few requests" } as const;
    expect(offer(rolloutView({ phase: "waiting", hold }), "advance")).toMatchObject({ label: "Go on anyway" });
  });
});

describe("what needs attention", () => {
  test("nothing, where all is well", () => {
    expect(needsAttention(serviceView())).toEqual([]);
    expect(needsAttention(serviceView({ rollout: rolloutView({ checks: [checkView()] }) }))).toEqual([]);
  });

  test("a pause, a hold, a failure, and evidence that is missing", () => {
    const hold = { on: "evidence", reason: "too few requests" } as const;
    const error = checkView({ is: "error", text: "the page cannot be read" });
    for (const [more, why] of [
      [{ phase: "paused" }, "paused"],
      [{ phase: "waiting", hold }, "too few requests"],
      [{ phase: "failed", reason: "cannot go back" }, "cannot go back"],
      [{ checks: [error] }, "errors: the page cannot be read"],
    ] as const)
      expect(needsAttention(serviceView({ rollout: rolloutView(more) }))).toEqual([why]);
  });

  test("an nginx that refuses, and members that are down where there is traffic", () => {
    const target = { name: "local", generation: "1", state: "refused", reason: "no such port", lingering: 0 } as const;
    const applied = { ...serviceView().applied, targets: [target] };
    const down = memberView("a:1", { health: "down" });
    const pools = {
      blue: { members: [down, memberView("a:2")], from: "config" },
      green: { members: [down], from: "config" },
    } as const;
    expect(needsAttention(serviceView({ applied, pools }))).toEqual([
      "nginx local is refused: no such port",
      "1 of 2 members of blue down",
    ]);
  });
});
