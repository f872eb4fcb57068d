import { describe, expect, it } from "vitest";
import { hook, RollingStory } from "./rolling-story.ts";

describe("the way back of a rolling rollout", () => {
  const undo = { hook: hook("undo"), batch: { count: 1 }, delayMs: 0 };

  it("puts back at once who was not touched, and gives the others their old version, the last first", () => {
    const story = new RollingStory({ rollback: undo })
      .batch("a:1")
      .batch("b:1")
      .drained()
      .hooksEnd(false)
      .command({ verb: "abort" })
      .drained();
    expect([story.phase, story.running.map(({ member, point }) => [member, point])]).toEqual([
      "reverting",
      [["c:1", "rollback"]],
    ]);
    const undone = (member: string) => story.hooksEnd(true).is(member, true).later(10_000);
    undone("c:1");
    expect(story.out).toEqual(["b:1"]);
    story.drained();
    undone("b:1");
    story.drained();
    undone("a:1");
    expect([story.phase, story.out]).toEqual(["reverted", []]);
  });

  it("waits for members that are out to be seen healthy anew", () => {
    const story = new RollingStory().command({ verb: "abort" }).later(1_000);
    expect(story.phase).toBe("reverting");
    expect(story.is("a:1", true).phase).toBe("reverted");
  });

  it("needs a person where nothing can put the old version back, and says what runs where", () => {
    const story = new RollingStory().batch("a:1").command({ verb: "abort" }).is("b:1", true);
    expect(story.rollout.phase).toMatchObject({
      phase: "failed",
      trouble: "there is no `rollback` hook; on v2: a:1; as before: b:1, c:1, d:1",
    });
    expect(story.command({ verb: "abort" }).phase).toBe("reverted");
  });

  it("is never taken back itself, and can be tried again where it got stuck", () => {
    const story = new RollingStory({ rollback: undo, onFailure: "rollback" }).batch("a:1").drained().hooksEnd(false).drained();
    expect(story.running.map(({ member, point }) => [member, point])).toEqual([["b:1", "rollback"]]);
    story.hooksEnd(false);
    expect(story.phase).toBe("failed");
    story.command({ verb: "retry" });
    expect([story.phase, story.running.map(({ member }) => member)]).toEqual(["reverting", ["b:1"]]);
  });

  it("knows of each member by itself whether it has its old version", () => {
    const both = { ...undo, batch: { count: 2 } };
    const story = new RollingStory({ rollback: both, batch: { count: 2 } })
      .drained()
      .hooksEnd(true)
      .command({ verb: "abort" })
      .drained();
    story.hooksEnd(true, "a:1").hooksEnd(false, "b:1");
    expect(story.rollout.phase).toMatchObject({
      phase: "failed",
      trouble: expect.stringContaining("on v2: none; perhaps on v2: b:1; as before: a:1, c:1, d:1"),
    });
  });

  it("takes a member for touched as soon as its hook has begun", () => {
    const story = new RollingStory({ rollback: undo }).drained().command({ verb: "abort" }).drained();
    expect(story.running.map(({ member, point }) => [member, point])).toEqual([["a:1", "rollback"]]);
  });

  it("that nginx refuses needs a person, is not given up by a second abort, and goes on once nginx takes it", () => {
    const story = new RollingStory({ rollback: undo }, { slow: true }).applied().drained().hooksEnd(true).is("a:1", true);
    story.later(10_000).applied().verdict("fail").command({ verb: "abort" });
    const by = { rollout: "web-1", seq: story.rollout.seq };
    story.tell({ signal: "refused", by, text: "bind() failed" });
    expect([story.phase, story.command({ verb: "abort" }).last.is]).toEqual(["failed", "ignored"]);
    expect(story.tell({ signal: "applied", by }).phase).toBe("reverting");
  });

  it("needs a person where a member is down again as it is put back, and not its health alone", () => {
    const story = new RollingStory({ rollback: undo, minHealthyMs: 0 }, { slow: true }).applied().drained().hooksEnd(true);
    story.is("a:1", true).applied().command({ verb: "abort" }).applied().drained().hooksEnd(true).is("a:1", true);
    expect(story.at).toBe("reverting applying: rollback 1 of 1: a:1 back as before");
    story.is("a:1", false).applied();
    expect(story.rollout.phase).toMatchObject({ phase: "failed", trouble: expect.stringContaining("a:1 is not ready") });
    story.command({ verb: "retry" }).is("a:1", true).applied();
    expect(story.phase).toBe("reverted");
  });
});
