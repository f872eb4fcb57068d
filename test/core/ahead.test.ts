import { describe, expect, test } from "vitest";
import { nextWants } from "../../src/core/ahead.ts";
import { shareOf } from "../../src/core/want.ts";
import { ONE_DOWN, READY, Story } from "./story.ts";

const shares = (story: Story) => nextWants(story.rollout).map((want) => shareOf(want.shares, "green"));

/** Tells the next thing, and expects that the share which it leads to was foreseen. */
function foreseen(story: Story, tell: (story: Story) => unknown, greenBp: number): void {
  const before = nextWants(story.rollout);
  tell(story);
  expect(story.green).toBe(greenBp);
  expect(before).toContainEqual(story.rollout.want);
}

describe("what a rollout wants next", () => {
  test("is foreseen at each step and each raise of a ramp", () => {
    const story = new Story({}, ONE_DOWN);
    expect(story.at).toBe("waiting 0");
    foreseen(story, (it) => it.green_is(READY), 500);
    story.applied();
    foreseen(story, (it) => it.command({ verb: "advance", step: 0 }), 5_000);
    story.applied().later(1);
    expect(story.at).toBe("waiting 1");
    foreseen(story, (it) => it.command({ verb: "advance", step: 1 }), 5_500);
    for (const bp of [6_000, 6_500]) {
      story.applied();
      foreseen(story, (it) => it.later(1_000), bp);
    }
    story.applied();
    foreseen(story, (it) => it.command({ verb: "advance", step: null }), 10_000);
  });

  test("is the same while it is paused, and nothing on the way back", () => {
    const story = new Story().applied();
    expect(shares(story)).toEqual([5_000]);
    expect(shares(story.command({ verb: "pause" }))).toEqual([5_000]);
    expect(shares(story.command({ verb: "abort" }))).toEqual([]);
  });

  test("is nothing once the rollout is over", () => {
    const story = new Story({ canary: { steps: [] } }).applied();
    while (story.at !== "promoted") story.later(60_000).applied();
    expect(shares(story)).toEqual([]);
  });
});
