import { describe, expect, it } from "vitest";
import { showRollout } from "../../src/controller/show.ts";
import type { Rollout } from "../../src/core/rollout.ts";
import { hook, RollingStory } from "../core/rolling-story.ts";
import { Story } from "../core/story.ts";

function states(rollout: Rollout, t: number): readonly string[] {
  return showRollout(rollout, null, { t, wall: t }).steps.map(({ state }) => state);
}

describe("the steps of a rollout", () => {
  it("have one that is now while it goes on, also while it goes back", () => {
    const story = new Story().applied();
    expect(states(story.rollout, story.t)).toEqual(["now", "next", "next", "next"]);
    story.command({ verb: "abort" });
    expect(states(story.rollout, story.t)[0]).toBe("now");
  });

  it("have none that is now or next once it went back: the one that it turned back at is stopped, those behind it are skipped", () => {
    const story = new Story().applied().command({ verb: "abort" }).applied();
    expect(story.at).toBe("reverted 0");
    expect(states(story.rollout, story.t)).toEqual(["stopped", "skipped", "skipped", "skipped"]);
  });

  it("are stopped and then those of the way back, where that has steps of its own", () => {
    const rollback = { hook: hook("rollback"), batch: { count: 1 }, delayMs: 0 };
    const story = new RollingStory({ rollback }).command({ verb: "abort" });
    const shown = () => states(story.rollout, story.t);
    expect(shown().slice(0, 3)).toEqual(["done", "stopped", "now"]);
    story.is("a:1", true).is("b:1", true).later(10_000);
    expect(story.rollout.phase.phase).toBe("reverted");
    expect(shown()).toEqual([
      "done",
      "stopped",
      ...shown()
        .slice(2)
        .map(() => "done"),
    ]);
  });
});
