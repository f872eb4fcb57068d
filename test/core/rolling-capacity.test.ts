import { expect, it } from "vitest";
import { RollingStory } from "./rolling-story.ts";

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
