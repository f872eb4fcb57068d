import { describe, expect, it } from "vitest";
import { effects } from "../../src/core/effects.ts";
import { RollingStory } from "./rolling-story.ts";

/** Which members are judged now, and under which key that goes on. */
function judging(story: RollingStory) {
  return effects(story.rollout).flatMap((effect) =>
    effect.effect === "judge" ? { key: effect.key, members: effect.members } : [],
  );
}

const BOTH = { batch: { count: 2 } };

describe("a verdict on a batch", () => {
  it("that comes once the next batch is judged fails nobody", () => {
    const story = new RollingStory().updated("a:1");
    const late = story.judgement("fail");
    story.verdict("pass").later(20_000).updated("b:1").tell(late);
    expect([story.last.is, story.rollout.rolling?.failing, story.at]).toEqual([
      "ignored",
      null,
      "observing: batch 2 of 4: b:1 back",
    ]);
  });

  it("that comes while the members that failed are tried again fails nobody, and sends nothing back", () => {
    const story = new RollingStory().updated("a:1");
    const late = story.judgement("fail");
    story.verdict("fail").command({ verb: "retry" }).tell(late);
    expect([story.last.is, story.phase, story.rollout.rolling?.failing]).toEqual(["ignored", "moving", null]);
  });

  it("that was made with a member that a person gave up meanwhile does not charge the others", () => {
    for (const verb of ["skip", "exclude"] as const) {
      const story = new RollingStory(BOTH).updated("a:1", "b:1");
      const late = story.judgement("fail");
      story.command({ verb, member: "a:1" }).tell(late);
      expect([verb, story.rollout.rolling?.failing]).toEqual([verb, null]);
      story.verdict("fail");
      expect([verb, story.rollout.rolling?.failing?.members]).toEqual([verb, ["b:1"]]);
    }
  });

  it("counts no longer once one of its members is given up: the others have to pass by themselves", () => {
    const story = new RollingStory(BOTH).updated("a:1", "b:1").verdict("pass").command({ verb: "skip", member: "a:1" });
    expect(story.later(20_000).at).toBe("held: batch 1 of 2: a:1, b:1 back");
    expect(story.verdict("pass").out).toEqual(["c:1", "d:1"]);
  });
});

describe("judging a batch", () => {
  it("begins anew where one of its members is given up", () => {
    const story = new RollingStory(BOTH).updated("a:1", "b:1");
    const [before] = judging(story);
    const [after] = judging(story.command({ verb: "skip", member: "a:1" }));
    expect([before?.members, after?.members]).toEqual([["a:1", "b:1"], ["b:1"]]);
    expect(after?.key).not.toBe(before?.key);
  });

  it("goes on in the pause before the next one, as it was", () => {
    const story = new RollingStory({ delayMs: 60_000 }).updated("a:1");
    const before = judging(story);
    story.verdict("pass").later(20_000);
    expect([story.at, judging(story)]).toEqual(["observing: pause before batch 2", before]);
    story.verdict("fail");
    expect(story.rollout.rolling?.failing).toMatchObject({ members: ["a:1"], text: "errors: says fail" });
    expect(story.command({ verb: "retry" }).out).toEqual(["a:1"]);
  });

  it("that failed in the pause goes on with the pause once a person gave the member up", () => {
    const story = new RollingStory({ delayMs: 60_000 }).batch("a:1").verdict("fail").command({ verb: "exclude", member: "a:1" });
    expect(story.at).toBe("observing: pause before batch 2");
    expect(story.later(60_000).out).toEqual(["b:1", "a:1"]);
  });

  it("is of nobody while the next one is out: it does not run the new version yet", () => {
    const story = new RollingStory().batch("a:1");
    expect([story.out, judging(story)]).toEqual([["b:1"], []]);
    expect(judging(story.updated("b:1"))[0]?.members).toEqual(["b:1"]);
  });

  it("finds a spare bad, which then leaves nginx and is drained before it is tried again", () => {
    const story = new RollingStory({ spares: ["s:1"] }, { slow: true });
    // The rollout before it may have had the spare in.
    expect([story.later(60_000).at, story.running]).toEqual(["drained: bring in s:1", []]);
    story.applied().hooksEnd(true).is("s:1", true).later(10_000).applied();
    story.verdict("fail");
    expect([story.rollout.rolling?.failing?.members, story.rollout.want.extra]).toEqual([["s:1"], ["s:1"]]);
    story.command({ verb: "retry" }).later(60_000);
    expect([story.at, story.rollout.want.extra, story.running]).toEqual(["drained: bring in s:1", [], []]);
    story.applied();
    expect(story.running).toEqual([]);
    story.drained();
    expect(story.running.map(({ member, point }) => [member, point])).toEqual([["s:1", "deploy"]]);
    story.hooksEnd(true).is("s:1", true).later(10_000).applied();
    expect([story.rollout.want.extra, story.phase]).toEqual([["s:1"], "moving"]);
  });

  it("goes on while spares leave", () => {
    const story = new RollingStory({ spares: ["s:1"] }, { members: ["a:1"] });
    story.hooksEnd(true).is("s:1", true).later(10_000).batch("a:1");
    expect([story.at, judging(story)[0]?.members]).toEqual(["drained: let s:1 go", ["a:1"]]);
  });
});
