import { describe, expect, it } from "vitest";
import { endState } from "../../src/controller/record.ts";
import { firstState } from "../../src/controller/service-state.ts";
import { showRollout } from "../../src/controller/show.ts";
import type { RolloutView } from "../../src/core/view.ts";
import { hook, RollingStory } from "../core/rolling-story.ts";
import { settings } from "../core/story.ts";

function shown(story: RollingStory): RolloutView {
  return showRollout(story.rollout, null, { t: story.t, wall: story.t });
}

/** The states in the order of the members. */
function states(story: RollingStory): string {
  return (shown(story).rolling?.members ?? []).map(({ state }) => state).join(" ");
}

describe("a rolling update is shown by its members", () => {
  it("which are each where their batch is", () => {
    const story = new RollingStory();
    expect(states(story)).toBe("draining pending pending pending");
    expect(shown(story).reason).toBe("batch 1 of 4 waits: requests are in flight to a:1");
    story.drained();
    expect(states(story)).toBe("deploying pending pending pending");
    expect(shown(story).reason).toBe("batch 1 of 4: deploy runs for a:1");
    story.hooksEnd(true);
    expect(states(story)).toBe("checking pending pending pending");
    expect(shown(story).reason).toContain("waits: a:1 is not healthy");
    story.is("a:1", true).later(10_000);
    expect(states(story)).toBe("monitoring pending pending pending");
    story.verdict("pass").later(20_000);
    expect(states(story)).toBe("updated draining pending pending");
  });

  it("whose being drained is told as that, and not as a hook", () => {
    const story = new RollingStory();
    const before = story.kinds.length;
    story.drained();
    expect(story.kinds.slice(before)).toContain("drained");
    expect(story.kinds.slice(before)).not.toContain("hook");
  });

  it("with the version of those that have the new one", () => {
    const { rolling } = shown(new RollingStory({ batch: { count: 2 } }).batch("a:1", "b:1"));
    expect(rolling?.members.map(({ batch, updated, version }) => [batch, updated, version])).toEqual([
      [1, true, "v2"],
      [1, true, "v2"],
      [2, false, null],
      [2, false, null],
    ]);
    expect([rolling?.batch, rolling?.batches, rolling?.minReady]).toEqual([2, 2, 2]);
  });

  it("and by who failed and why, which waits for a person and counts nothing down", () => {
    const story = new RollingStory().drained().hooksEnd(false);
    const { phase, hold, reason, remainingMs, rolling } = shown(story);
    expect([phase, hold?.on, remainingMs]).toEqual(["waiting", "failure", null]);
    expect(reason).toBe("deploy failed: a:1: exit code 1");
    expect(rolling?.failing?.members).toEqual(["a:1"]);
    expect(rolling?.members[0]).toMatchObject({ state: "failed", reason: "deploy failed: a:1: exit code 1" });
  });

  it("and with no version where nobody knows it: while a hook changes a member, and where that did not end well", () => {
    const versions = (story: RollingStory) =>
      (shown(story).rolling?.members ?? []).slice(0, 2).map(({ runs, updated, version }) => [runs, updated, version]);
    const before = ["before", false, null];
    const unknown = ["unknown", false, null];
    const rollback = { hook: hook("undo"), batch: { count: 1 }, delayMs: 0 };
    const story = new RollingStory({ rollback }).drained();
    expect(versions(story)).toEqual([unknown, before]);
    story.hooksEnd(false);
    expect(versions(story)).toEqual([unknown, before]);
    story.command({ verb: "retry" }).updated("a:1");
    expect(versions(story)).toEqual([["new", true, "v2"], before]);
    story.command({ verb: "abort" }).drained();
    expect(versions(story)).toEqual([unknown, before]);
    story.hooksEnd(false);
    expect([versions(story), shown(story).reason]).toEqual([[unknown, before], expect.stringContaining("perhaps on v2: a:1")]);
    story.command({ verb: "retry" }).hooksEnd(true);
    expect(versions(story)).toEqual([before, before]);
  });

  it("and by why an excluded member's version is not known", () => {
    const story = new RollingStory().drained().hooksEnd(false).command({ verb: "exclude", member: "a:1" });
    expect(shown(story).rolling?.members[0]).toMatchObject({ state: "excluded", runs: "unknown", reason: "exit code 1" });
  });

  it("and by what a person decided about them", () => {
    const story = new RollingStory().drained().hooksEnd(false).command({ verb: "exclude", member: "a:1" });
    expect(states(story)).toBe("excluded draining pending pending");
    story.drained().hooksEnd(false).command({ verb: "skip", member: "b:1" });
    expect(states(story)).toBe("excluded skipped draining pending");
    expect(shown(story).hold).toBeNull();
  });

  it("on the way back too", () => {
    const rollback = { hook: hook("rollback"), batch: { count: 1 }, delayMs: 0 };
    const story = new RollingStory({ rollback }).batch("a:1").command({ verb: "abort" });
    expect(shown(story).rolling?.goingBack).toBe(true);
    expect(shown(story).reason).toContain("putting back what was updated because aborted by bob");
    expect(states(story)).toBe("updated checking untouched untouched");
    story.is("b:1", true);
    expect(states(story)).toBe("draining untouched untouched untouched");
    story.drained();
    expect(states(story)).toBe("rolling-back untouched untouched untouched");
    story.hooksEnd(true).is("a:1", true).later(10_000);
    expect(states(story)).toBe("rolled-back untouched untouched untouched");
    expect(shown(story).phase).toBe("reverted");
  });

  it("spares first, without a batch", () => {
    const [first, second] = shown(new RollingStory({ spares: ["s:1"] })).rolling?.members ?? [];
    expect([first?.address, first?.spare, first?.batch, first?.state]).toEqual(["s:1", true, null, "deploying"]);
    expect([second?.address, second?.batch]).toEqual(["a:1", 1]);
  });
});

describe("members that an update went on without", () => {
  const drainedAfter = (story: RollingStory) => endState(firstState(settings({})), story.rollout, null).drained;

  it("stay out of nginx after it, until somebody puts them back", () => {
    const lenient = { onFailure: "continue", maxUnavailable: { count: 2 } } as const;
    const failed = new RollingStory(lenient).drained().hooksEnd(false).batch("b:1").batch("c:1").batch("d:1");
    expect([failed.phase, drainedAfter(failed)]).toEqual(["promoted", { blue: ["a:1"] }]);
    const excluded = new RollingStory().command({ verb: "exclude", member: "d:1" }).batch("a:1").batch("b:1").batch("c:1");
    expect([excluded.phase, drainedAfter(excluded)]).toEqual(["promoted", { blue: ["d:1"] }]);
  });

  it("are in again where they got their old version back", () => {
    const rollback = { hook: hook("rollback"), batch: { count: 1 }, delayMs: 0 };
    const story = new RollingStory({ onFailure: "rollback", rollback }).drained().hooksEnd(false);
    story.drained().hooksEnd(true).is("a:1", true).later(10_000);
    expect([story.phase, drainedAfter(story)]).toEqual(["reverted", {}]);
  });
});
