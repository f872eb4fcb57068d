import { describe, expect, it } from "vitest";
import { planOf } from "../../src/core/begin.ts";
import { ALL_DOWN, CANARY, READY, Story, settings } from "./story.ts";

const given = { strategy: "blue-green" } as const;

describe("blue/green", () => {
  it("waits for health, switches at once, bakes, and only then commits the new default", () => {
    const story = new Story(given, ALL_DOWN);
    expect([story.at, story.green]).toEqual(["waiting 0", 0]);
    story.green_is(READY);
    expect([story.at, story.green, story.rollout.want.base]).toEqual(["applying 0", 10_000, "blue"]);
    story.applied().verdict("pass").later(19_999);
    expect(story.at).toBe("observing 0");
    story.later(1);
    expect([story.at, story.rollout.want.base]).toEqual(["applying 1", "green"]);
    story.applied();
    expect(story.at).toBe("promoted");
  });

  it("refuses steps, which it would have to drop", () => {
    const course = { from: "blue", to: "green", seed: "web-1", deadlineMs: 30_000 };
    const inPlace = { stable: "blue", other: "green", members: [], drained: [] };
    const plan = () => planOf({ settings: settings(), strategy: "blue-green", steps: CANARY.steps, inPlace }, course);
    expect(plan).toThrow(expect.objectContaining({ name: "Refusal", code: "invalid" }));
  });

  it("goes back in one change while it bakes", () => {
    const story = new Story(given).applied().verdict("fail");
    expect(story.rollout.want).toMatchObject({ shares: { blue: 10_000 }, base: "blue" });
  });

  it("rule 16: goes back to the old default where the commit is under way", () => {
    const story = new Story(given).applied().verdict("pass").later(20_000).command({ verb: "abort" });
    expect(story.rollout.want).toMatchObject({ shares: { blue: 10_000 }, base: "blue", other: "green" });
    story.applied();
    expect(story.at).toBe("reverted 1");
  });

  it("shows the candidate to those who ask for it first, until a person approves", () => {
    const story = new Story({ ...given, blueGreen: { preview: { header: "X-Preview", forMs: null } } }).applied();
    expect([story.at, story.green, story.rollout.want.preview]).toEqual(["waiting 0", 0, true]);
    story.command({ verb: "advance", step: 0 });
    expect([story.at, story.green, story.rollout.want.preview]).toEqual(["applying 1", 10_000, false]);
  });

  it("ends a preview by itself where it has a time", () => {
    const story = new Story({ ...given, blueGreen: { preview: { header: "X-Preview", forMs: 5_000 } } }).applied().later(5_000);
    expect([story.at, story.green]).toEqual(["applying 1", 10_000]);
  });

  it("needs no evidence for a bake of no time", () => {
    const story = new Story({ ...given, blueGreen: { bakeMs: 0 } }).applied();
    expect(story.at).toBe("applying 1");
  });
});
