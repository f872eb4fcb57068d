import { describe, expect, it } from "vitest";
import { hook, RollingStory } from "./rolling-story.ts";

describe("rolling takes one batch after the other", () => {
  it("out, drained, deployed, healthy, back and judged, until all are updated", () => {
    const story = new RollingStory();
    expect([story.at, story.out]).toEqual(["drained: batch 1 of 4: a:1 back", ["a:1"]]);
    expect(story.running).toEqual([]);
    story.drained();
    expect(story.running.map(({ member, point }) => [member, point])).toEqual([["a:1", "deploy"]]);
    story.hooksEnd(true);
    expect([story.at, story.out]).toEqual(["healthy: batch 1 of 4: a:1 back", ["a:1"]]);
    story.is("a:1", true).later(9_999);
    expect(story.out).toEqual(["a:1"]);
    story.later(1);
    expect([story.at, story.out]).toEqual(["observing: batch 1 of 4: a:1 back", []]);
    story.verdict("pass").later(19_999);
    expect(story.at).toBe("observing: batch 1 of 4: a:1 back");
    story.later(1);
    expect([story.at, story.out]).toEqual(["drained: batch 2 of 4: b:1 back", ["b:1"]]);
    story.batch("b:1").batch("c:1").batch("d:1");
    expect([story.phase, story.out]).toEqual(["promoted", []]);
  });

  it("does not take a member for healthy by what it answered before its update", () => {
    const story = new RollingStory().drained();
    story.later(5_000).hooksEnd(true).later(60_000);
    expect(story.at).toBe("healthy: batch 1 of 4: a:1 back");
    story.is("a:1", true).later(10_000);
    expect(story.at).toBe("observing: batch 1 of 4: a:1 back");
  });

  it("moves a batch in lockstep", () => {
    const story = new RollingStory({ batch: { bp: 5_000 } });
    expect(story.out).toEqual(["a:1", "b:1"]);
    story.drained().hooksEnd(true, "a:1");
    expect(story.running.map(({ member }) => member)).toEqual(["b:1"]);
    story.hooksEnd(true, "b:1").is("a:1", true).later(10_000);
    expect(story.out).toEqual(["a:1", "b:1"]);
    story.is("b:1", true).later(10_000);
    expect(story.out).toEqual([]);
  });

  it("waits between batches, after the time in which a batch is judged, and not after the last", () => {
    const story = new RollingStory({ delayMs: 7_000, batch: { count: 2 } }).batch("a:1", "b:1");
    expect([story.at, story.out]).toEqual(["observing: pause before batch 2", []]);
    story.later(7_000);
    expect(story.out).toEqual(["c:1", "d:1"]);
    expect(story.batch("c:1", "d:1").phase).toBe("promoted");
  });

  it("gives a member that comes back its share little by little", () => {
    const story = new RollingStory({ slowStartMs: 40_000 }).updated("a:1");
    expect(story.rollout.want.ease).toEqual({ "a:1": 2_500 });
    story.later(10_000);
    expect(story.rollout.want.ease).toEqual({ "a:1": 5_000 });
    story.later(10_000).later(10_000);
    expect([story.rollout.want.ease, story.at]).toEqual([{}, "observing: batch 1 of 4: a:1 back"]);
  });

  it("goes in the order that is asked for, and leaves out who is excluded or drained by hand", () => {
    const story = new RollingStory({ order: ["c:1"], exclude: ["b:1"] }, { drained: ["d:1"] });
    expect(story.rollout.rolling?.members).toEqual(["c:1", "a:1"]);
  });
});

describe("there are never too few members", () => {
  it("waits with a batch until enough others are ready", () => {
    const story = new RollingStory({ maxUnavailable: { count: 1 } })
      .updated("a:1")
      .verdict("pass")
      .is("c:1", false)
      .later(20_000);
    expect([story.at, story.out]).toEqual(["enough ready: batch 2 of 4: take out b:1", []]);
    story.is("c:1", true);
    expect(story.out).toEqual(["b:1"]);
  });

  it("takes out a member that is down already, whoever else is", () => {
    const story = new RollingStory({ order: ["a:1", "c:1"] }).updated("a:1").verdict("pass").is("c:1", false).later(20_000);
    expect(story.out).toEqual(["c:1"]);
  });

  it.each([
    [
      "a pool of one without a spare",
      { batch: { count: 1 } },
      ["a:1"],
      "blue has 1 members in service, a batch takes out 1: none would be left",
    ],
    ["a batch that is the pool", { batch: { count: 9 } }, ["a:1", "b:1"], "none would be left"],
    [
      "a batch above what may be missing",
      { batch: { count: 2 }, maxUnavailable: { bp: 4_000 } },
      ["a:1", "b:1", "c:1", "d:1"],
      "a batch takes out 2, which leaves 2; `maxUnavailable` asks for 3",
    ],
  ])("refuses %s with the numbers", (_what, given, members, text) => {
    expect(() => new RollingStory(given, { members })).toThrow(text);
  });

  it("refuses more steps than a rollout can have", () => {
    const members = Array.from({ length: 600 }, (_, index) => `m${index}:1`);
    expect(() => new RollingStory({}, { members })).toThrow("600 members in batches of 1 make 1200 steps");
    expect(new RollingStory({ batch: { bp: 500 } }, { members }).out).toHaveLength(30);
  });

  it("refuses one whose way back could not be stored", () => {
    const members = Array.from({ length: 400 }, (_, index) => `app-${index}.example:8080`);
    const undo = (count: number) => ({ hook: hook("undo"), batch: { count }, delayMs: 1_000 });
    expect(() => new RollingStory({ batch: { count: 2 }, rollback: undo(1) }, { members })).toThrow(
      /400 members, and 1200 to take them back, are too much/,
    );
    const story = new RollingStory({ batch: { count: 20 }, rollback: undo(20) }, { members });
    expect(story.command({ verb: "abort" }).phase).toBe("reverting");
  });

  it("brings spares in first and lets them go last", () => {
    const story = new RollingStory({ pool: "blue", spares: ["s:1"], maxUnavailable: { count: 0 } }, { members: ["a:1"] });
    expect(story.running.map(({ member }) => member)).toEqual(["s:1"]);
    expect(story.rollout.want.extra).toBeUndefined();
    story.hooksEnd(true).is("s:1", true).later(10_000);
    expect([story.rollout.want.extra, story.out]).toEqual([["s:1"], ["a:1"]]);
    story.batch("a:1");
    expect([story.at, story.rollout.want.extra]).toEqual(["drained: let s:1 go", undefined]);
    expect(story.drained().phase).toBe("promoted");
  });
});

describe("a drain that takes too long", () => {
  it("is let go on", () => {
    const story = new RollingStory().later(30_000);
    expect(story.running.map(({ member }) => member)).toEqual(["a:1"]);
  });

  it("goes back, and touches nobody", () => {
    const story = new RollingStory({ onDrainTimeout: "abort" }).later(30_000);
    expect([story.phase, story.out]).toEqual(["reverting", []]);
    expect(story.is("a:1", true).phase).toBe("reverted");
  });
});

describe("a member that fails", () => {
  const failed = (given = {}) => new RollingStory(given).drained().hooksEnd(false);

  it("stops everything until a person decides, and nobody else is touched", () => {
    const story = failed().later(3_600_000);
    expect([story.phase, story.out, story.running]).toEqual(["moving", ["a:1"], []]);
    expect(story.rollout.rolling?.failing).toMatchObject({ members: ["a:1"], text: "deploy failed: a:1: exit code 1" });
    expect(story.command({ verb: "advance", step: null }).last).toMatchObject({ is: "refused", code: "failed-check" });
  });

  it("is tried again on retry, and what went well stands", () => {
    const story = new RollingStory({ batch: { count: 2 } }).drained().hooksEnd(true, "b:1").hooksEnd(false, "a:1");
    story.command({ verb: "retry" });
    expect(story.out).toEqual(["a:1", "b:1"]);
    story.drained();
    expect(story.running.map(({ member }) => member)).toEqual(["a:1"]);
    story.hooksEnd(true).is("a:1", true).is("b:1", true).later(10_000);
    expect(story.at).toBe("observing: batch 1 of 2: a:1, b:1 back");
  });

  it("is tried again alone, also where the name of another one ends as its does", () => {
    const story = new RollingStory({ batch: { count: 2 } }, { members: ["eu.web:1", "web:1", "c:1", "d:1"] });
    story.drained().hooksEnd(true, "eu.web:1").hooksEnd(false, "web:1").command({ verb: "retry" }).drained();
    expect(story.running.map(({ member }) => member)).toEqual(["web:1"]);
  });

  it("is tried again without the hooks around its batch that went well", () => {
    const story = new RollingStory({}, { hooks: { beforeStep: [hook("announce")] } });
    story.hooksEnd(true).drained().hooksEnd(false).command({ verb: "retry" });
    expect(story.at).toBe("drained: batch 1 of 4: a:1 back");
  });

  it("goes back as it is on skip", () => {
    const story = failed().command({ verb: "skip", member: null });
    expect([story.at, story.out]).toEqual(["drained: batch 2 of 4: b:1 back", ["b:1"]]);
  });

  it("stays out on exclude, to the end and beyond", () => {
    const story = failed().command({ verb: "exclude", member: "a:1" });
    expect(story.out).toEqual(["b:1", "a:1"]);
    story.batch("b:1").batch("c:1").batch("d:1");
    expect([story.phase, story.rollout.rolling?.excluded]).toEqual(["promoted", ["a:1"]]);
  });

  it("cannot be excluded where nobody else would be left", () => {
    const story = new RollingStory({}, { members: ["a:1", "b:1"] });
    expect(story.out).toEqual(["a:1"]);
    expect(story.command({ verb: "exclude", member: "b:1" }).last).toMatchObject({ is: "refused", code: "not-ready" });
    expect(story.command({ verb: "exclude", member: "a:1" }).last.is).toBe("moved");
  });

  it("may fail without a person as often as `maxFailures` says", () => {
    const story = failed({ maxFailures: { count: 1 }, maxUnavailable: { count: 2 } });
    expect(story.out).toEqual(["b:1", "a:1"]);
    story.drained().hooksEnd(false);
    expect(story.rollout.rolling?.failing?.members).toEqual(["b:1"]);
  });

  it("that never gets healthy has failed at its deadline", () => {
    const story = new RollingStory().drained().hooksEnd(true).later(120_000);
    expect(story.rollout.rolling?.failing?.members).toEqual(["a:1"]);
  });

  it("that is down again while it is judged has failed", () => {
    const story = new RollingStory().updated("a:1").is("a:1", false);
    expect(story.rollout.rolling?.failing?.text).toContain("a:1 is not ready: refused the connection");
  });

  it("that is judged bad while the next batch is taken out is tried again, and that batch returns", () => {
    const story = new RollingStory({}, { slow: true, members: ["a:1", "b:1"] }).applied();
    story.applied().drained().hooksEnd(true).is("a:1", true).later(10_000).applied().verdict("pass").later(20_000);
    expect([story.at, story.out]).toEqual(["applying: batch 2 of 2: take out b:1", ["b:1"]]);
    story.verdict("fail").applied().command({ verb: "retry" });
    expect([story.at, story.out]).toEqual(["applying: batch 1 of 2: take out a:1", ["a:1"]]);
  });

  it("that nobody has looked at yet after a restart has not failed", () => {
    const story = new RollingStory().updated("a:1").unknown("a:1");
    expect([story.rollout.rolling?.failing, story.at]).toEqual([null, "observing: batch 1 of 4: a:1 back"]);
    story.is("a:1", true).verdict("pass").later(20_000);
    expect(story.out).toEqual(["b:1"]);
  });

  it("that is judged bad has failed, and is taken out anew on retry", () => {
    const story = new RollingStory().updated("a:1").verdict("fail");
    expect(story.rollout.rolling?.failing?.members).toEqual(["a:1"]);
    story.command({ verb: "retry" });
    expect([story.at, story.out]).toEqual(["drained: batch 1 of 4: a:1 back", ["a:1"]]);
  });

  it("can be told nothing that makes no sense", () => {
    const story = new RollingStory();
    expect(story.command({ verb: "skip", member: null }).last).toMatchObject({ is: "refused", code: "unknown-member" });
    expect(story.command({ verb: "exclude", member: "x:1" }).last).toMatchObject({ is: "refused", code: "unknown-member" });
    expect(story.command({ verb: "retry" }).last).toMatchObject({ is: "refused", code: "nothing-to-retry" });
  });
});

describe("freezes and hooks", () => {
  const frozen = { name: "night", days: ["thu"], from: 0, to: 60, zone: "UTC" } as const;

  it("holds the next batch, and never in the middle of one", () => {
    const story = new RollingStory({}, { freezes: [frozen] }).updated("a:1").verdict("pass").later(20_000);
    expect([story.at, story.out]).toEqual(["held: batch 1 of 4: a:1 back", []]);
    story.later(3_600_000);
    expect(story.verdict("pass").out).toEqual(["b:1"]);
  });

  it("runs the hooks around each batch, and those before and after the whole", () => {
    const points = ["beforeStart", "beforeStep", "afterStep", "beforePromote", "afterPromote"] as const;
    const hooks = Object.fromEntries(points.map((point) => [point, [hook(point)]]));
    const story = new RollingStory({ batch: { count: 2 } }, { hooks });
    const seen: string[] = [];
    for (let tries = 0; story.phase === "moving" && tries < 50; tries++) {
      const [running] = story.running;
      if (running === undefined) {
        if (story.at.startsWith("drained")) story.drained();
        else for (const member of story.out) story.is(member, true);
        story.later(10_000).verdict("pass");
        continue;
      }
      seen.push(running.point);
      story.hooksEnd(true);
    }
    expect(seen).toEqual([
      "beforeStart",
      "beforeStep",
      "deploy",
      "afterStep",
      "beforeStep",
      "deploy",
      "afterStep",
      "beforePromote",
      "afterPromote",
    ]);
  });

  it("goes back where a hook says no, and runs those of the way back last", () => {
    const story = new RollingStory({}, { hooks: { beforeStart: [hook("gate")], afterRevert: [hook("tell")] } }).hooksEnd(false);
    expect(story.running.map(({ point }) => point)).toEqual(["afterRevert"]);
    expect(story.hooksEnd(false).phase).toBe("reverted");
  });
});
