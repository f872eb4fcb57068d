import { describe, expect, it } from "vitest";
import { hook, RollingStory } from "./rolling-story.ts";

it("keeps a member in that nginx has not taken out yet, where it cannot be spared any more", () => {
  const story = new RollingStory({}, { slow: true });
  expect([story.at, story.out]).toEqual(["applying: batch 1 of 4: take out a:1", ["a:1"]]);
  story.is("c:1", false);
  expect([story.at, story.out]).toEqual(["enough ready: batch 1 of 4: take out a:1", []]);
  story.is("c:1", true);
  expect(story.out).toEqual(["a:1"]);
});

it("takes nobody out for a member of which nothing is known yet, nor the last one", () => {
  const one = new RollingStory({ onFailure: "continue" }, { members: ["a:1", "b:1"] });
  one.drained().hooksEnd(false);
  expect([one.at, one.out]).toEqual(["enough ready: batch 2 of 2: take out b:1", ["a:1"]]);
  one.is("b:1", false);
  expect(one.out).toEqual(["a:1"]);
});

it("keeps it in also while a person has paused the rollout, which stays paused", () => {
  const story = new RollingStory({}, { slow: true }).command({ verb: "pause" }).is("c:1", false);
  expect([story.phase, story.out]).toEqual(["paused", []]);
  story.command({ verb: "resume" });
  expect([story.at, story.out]).toEqual(["enough ready: batch 1 of 4: take out a:1", []]);
  expect(story.is("c:1", true).out).toEqual(["a:1"]);
});

it("puts a member that is skipped before it was updated back at once, also where nginx has yet to take it out", () => {
  const story = new RollingStory({}, { slow: true }).command({ verb: "skip", member: "a:1" });
  expect(story.out).toEqual([]);
  const drained = new RollingStory({ batch: { count: 2 } }).command({ verb: "skip", member: "a:1" });
  expect([drained.at, drained.out]).toEqual(["drained: batch 1 of 2: a:1, b:1 back", ["b:1"]]);
});

describe("takes out nobody who is judged bad where nobody else would be left", () => {
  const two = { members: ["a:1", "b:1"] };
  const undo = { hook: hook("undo"), batch: { count: 1 }, delayMs: 0 };

  it("and holds where it would go on without", () => {
    const story = new RollingStory({ onFailure: "continue" }, two).updated("a:1").is("b:1", false).verdict("fail");
    expect([story.out, story.rollout.rolling?.failing?.members]).toEqual([[], ["a:1"]]);
    const other = new RollingStory({ onFailure: "continue" }, two).updated("a:1").verdict("fail");
    expect([other.out, other.rollout.rolling?.failing]).toEqual([["a:1"], null]);
  });

  it("on the way back, which waits until it can be spared", () => {
    const story = new RollingStory({ rollback: undo, onFailure: "rollback" }, two)
      .updated("a:1")
      .is("b:1", false)
      .verdict("fail");
    expect([story.at, story.out]).toEqual(["enough ready: rollback 1 of 1: take out a:1", []]);
    expect(story.is("b:1", true).out).toEqual(["a:1"]);
  });
});
