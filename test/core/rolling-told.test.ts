import { describe, expect, it } from "vitest";
import { occasionOf } from "../../src/core/notify.ts";
import { revisionOf } from "../../src/core/revision.ts";
import { hook, RollingStory } from "./rolling-story.ts";

function causeOf({ rollout }: RollingStory): string | null {
  return revisionOf(rollout, { number: 1, stable: "blue", members: [] }).cause;
}

describe("the history says of a rolling update", () => {
  it("who was left out of it, and why", () => {
    const story = new RollingStory({ maxFailures: { count: 1 }, maxUnavailable: { count: 2 } }).drained().hooksEnd(false);
    story.drained().hooksEnd(false).command({ verb: "exclude", member: "b:1" });
    story.command({ verb: "skip", member: "d:1" }).batch("c:1");
    expect([story.phase, causeOf(story)]).toEqual([
      "promoted",
      "every step passed; left out: a:1 (failed), b:1 (excluded), d:1 (skipped)",
    ]);
  });

  it("the same where it went back", () => {
    const story = new RollingStory().drained().hooksEnd(false).command({ verb: "exclude", member: "a:1" });
    story.command({ verb: "abort" }).is("b:1", true);
    expect([story.phase, causeOf(story)]).toEqual(["reverted", "aborted by bob; left out: a:1 (excluded)"]);
  });

  it("nothing of the kind where nobody was", () => {
    const story = new RollingStory({}, { members: ["a:1", "b:1"] }).batch("a:1").batch("b:1");
    expect(causeOf(story)).toBe("every step passed");
  });
});

describe("who is told that a rollout is held", () => {
  const rollback = { hook: hook("undo"), batch: { count: 1 }, delayMs: 0 };
  const told = (story: RollingStory) => story.facts.flatMap((fact) => occasionOf(fact) ?? []);

  it("hears of members that failed where a person has to decide", () => {
    expect(told(new RollingStory().drained().hooksEnd(false))).toContain("held");
  });

  it("hears of the way back alone where it begins at once", () => {
    const story = new RollingStory({ rollback, onFailure: "rollback" }).drained().hooksEnd(false);
    expect(story.phase).toBe("reverting");
    expect(told(story)).toContain("reverted");
    expect(told(story)).not.toContain("held");
  });
});
