import { describe, expect, it } from "vitest";
import { effects, remainingMs } from "../../src/core/effects.ts";
import type { CanaryStep } from "../../src/core/service.ts";
import { ALL_DOWN, ONE_DOWN, READY, Story } from "./story.ts";

const SHARE = { kind: "share", share: 500, forMs: 10_000, needs: null, hold: null } as const;

describe("evidence", () => {
  it("rule 6: holds a step whose time is over and whose evidence is missing, and lets it go when the check passes", () => {
    const story = new Story().applied().later(10_000);
    expect(story.at).toBe("held 0");
    story.verdict("inconclusive").verdict("error").later(60_000);
    expect(story.at).toBe("held 0");
    story.verdict("pass");
    expect(story.at).toBe("applying 1");
  });

  it("rule 6: ignores the pass of an earlier entry, and counts its fail", () => {
    const story = new Story({ canary: { steps: [SHARE, { ...SHARE, share: 2_500 }] } }).applied().verdict("pass").later(10_000);
    const first = story.entry - 1;
    story.applied().verdict("pass", first).later(10_000);
    expect(story.at).toBe("held 1");
    story.verdict("fail", first);
    expect(story.at).toBe("reverting 1");
  });

  it("rule 6: goes on judging while applying, waiting, paused and held", () => {
    const judges = (story: Story) => effects(story.rollout).some((effect) => effect.effect === "judge");
    const story = new Story().applied();
    expect(judges(story)).toBe(true);
    story.later(10_000);
    expect([story.at, judges(story)]).toEqual(["held 0", true]);
    story.command({ verb: "pause" });
    expect(judges(story)).toBe(true);
    story.command({ verb: "resume" }).verdict("pass");
    expect([story.at, judges(story)]).toEqual(["applying 1", true]);
    story.applied();
    expect([story.at, judges(story)]).toEqual(["waiting 1", true]);
  });

  it("rule 8: holds no longer than it may, then aborts", () => {
    const story = new Story({ canary: { hold: { atMostMs: 60_000, then: "abort" } } }).applied().later(10_000).later(59_999);
    expect(story.at).toBe("held 0");
    story.later(1);
    expect(story.at).toBe("reverting 0");
  });

  it("rule 8: advances on missing evidence where it is told to, never on broken evidence", () => {
    const hold = { atMostMs: 60_000, then: "advance" } as const;
    const missing = new Story({ canary: { hold } }).applied().verdict("inconclusive").later(10_000).later(60_000);
    expect(missing.at).toBe("applying 1");
    const broken = new Story({ canary: { hold } }).applied().verdict("error").later(10_000).later(3_600_000);
    expect(broken.at).toBe("held 0");
  });

  it("rule 8: counts the hold from its beginning, whatever it is held on meanwhile", () => {
    const hold = { atMostMs: 60_000, then: "abort" } as const;
    const story = new Story({ canary: { hold } }).applied().later(10_000);
    for (let second = 0; second < 60; second++) story.later(1_000).green_is(second % 2 === 0 ? ONE_DOWN : READY);
    expect(story.at).toBe("reverting 0");
  });

  it("holds on the fail of a check that only holds, which no `hold` skips, and goes on when it passes", () => {
    const compare = { kind: "compare", margin: 0.1, alpha: 0.01, beta: 0.05, harmful: { ratio: 2, delta: 0 } } as const;
    const check = { name: "errors", metric: "errors", rule: { ...compare, level: "hold" }, minRequests: 10 } as const;
    const hold = { atMostMs: 60_000, then: "advance" } as const;
    const story = new Story({ canary: { checks: [check], hold } }).applied().verdict("fail").later(10_000).later(600_000);
    expect(story.at).toBe("held 0");
    expect(story.verdict("pass").at).toBe("applying 1");
  });

  it("never reverts on broken or missing evidence before a limit that is configured", () => {
    const story = new Story().applied();
    for (let hour = 0; hour < 24; hour++) story.verdict(hour % 2 === 0 ? "error" : "inconclusive").later(3_600_000);
    expect(story.at).toBe("held 0");
  });
});

describe("a step until evidence", () => {
  const until = (given: Partial<Extract<CanaryStep, { kind: "evidence" }>> = {}) =>
    ({ kind: "evidence", share: 500, forMs: 10_000, needs: null, hold: { atMostMs: 60_000, then: "wait" }, ...given }) as const;
  const story = (given: Parameters<typeof until>[0] = {}) => new Story({ canary: { steps: [until(given)] } }).applied();

  it("ends as soon as its checks pass, once its least time is over", () => {
    const early = story().verdict("pass").later(9_999);
    expect(early.at).toBe("observing 0");
    expect(early.later(1).at).toBe("applying 1");
    const late = story().later(10_000).verdict("inconclusive").later(40_000);
    expect(late.at).toBe("observing 0");
    expect(late.verdict("pass").at).toBe("applying 1");
  });

  it("observes while evidence is missing, and is held once the hold is over", () => {
    const held = story().verdict("inconclusive").later(69_999);
    expect(held.at).toBe("observing 0");
    expect(held.later(1).at).toBe("held 0");
    expect(remainingMs(held.rollout, { t: held.t, wall: held.t })).toBeNull();
    expect(held.verdict("pass").at).toBe("applying 1");
  });

  it.each([
    ["abort", "reverting 0"],
    ["advance", "applying 1"],
  ] as const)("does at the end of the hold what `then: %s` says, and waits for nothing more", (then, at) => {
    const over = story({ hold: { atMostMs: 60_000, then } })
      .verdict("inconclusive")
      .later(70_000);
    expect(over.at).toBe(at);
  });

  it("never goes on with broken evidence, and back on a fail at any time", () => {
    const broken = story({ hold: { atMostMs: 60_000, then: "advance" } }).verdict("error");
    expect(broken.later(3_600_000).at).toBe("held 0");
    expect(story().later(30_000).verdict("fail").at).toBe("reverting 0");
  });

  it("counts down to the end of the hold, and is woken for both ends", () => {
    const begun = story();
    expect(remainingMs(begun.rollout, { t: begun.t, wall: begun.t })).toBe(70_000);
    const wakes = effects(begun.rollout).flatMap((effect) => (effect.effect === "wake" ? effect.at - begun.t : []));
    expect(wakes).toEqual([10_000, 70_000]);
  });

  it("stops its clock in a pause", () => {
    const paused = story().later(30_000).command({ verb: "pause" }).later(3_600_000).command({ verb: "resume" }).later(39_999);
    expect(paused.at).toBe("observing 0");
    expect(paused.later(1).at).toBe("held 0");
  });
});

describe("members of the candidate", () => {
  it("rule 11: revert at once where none is ready", () => {
    const story = new Story().applied().green_is(ALL_DOWN);
    expect([story.at, story.green]).toEqual(["reverting 0", 0]);
  });

  it("that nobody has seen yet are no reason to go back", () => {
    const story = new Story()
      .applied()
      .green_is({ ready: 0, of: 1, unknown: 1, reason: "10.0.1.3:80 has not been seen healthy yet" });
    expect(story.at).toBe("observing 0");
    expect(story.green_is(ALL_DOWN).at).toBe("reverting 0");
  });

  it("rule 11: hold where some are down", () => {
    const story = new Story().applied().green_is(ONE_DOWN).verdict("pass").later(10_000);
    expect(story.at).toBe("held 0");
    story.green_is(READY);
    expect(story.at).toBe("applying 1");
  });

  it("never go past a member that is down by `hold: { then: advance }`", () => {
    const hold = { atMostMs: 1_000, then: "advance" } as const;
    const story = new Story({ canary: { hold } }).applied().green_is(ONE_DOWN).verdict("pass").later(10_000).later(3_600_000);
    expect(story.at).toBe("held 0");
  });

  it("stay where stable has no ready member either, and revert once it has", () => {
    const story = new Story().applied().blue_is({ ready: 0, of: 1, unknown: 0, reason: null }).green_is(ALL_DOWN);
    expect(story.at).toBe("observing 0");
    story.blue_is({ ready: 1, of: 1, unknown: 0, reason: null });
    expect(story.at).toBe("reverting 0");
  });

  it("stop a ramp while one is down, which takes up where it stood", () => {
    const ramp = [{ kind: "ramp", to: 10_000, overMs: 10_000, needs: [], hold: null }] as const;
    const story = new Story({ canary: { steps: ramp } }).applied().green_is(ONE_DOWN).later(5_000);
    expect(story.green).toBe(1_000);
    story.green_is(READY);
    expect(story.green).toBe(2_000);
    story.applied().later(999);
    expect(story.green).toBe(2_000);
    story.later(1);
    expect(story.green).toBe(3_000);
  });

  it("are needed for a retry, which goes back by itself where they die again", () => {
    const story = new Story().applied().green_is(ALL_DOWN).refused("no space left").command({ verb: "retry" });
    expect(story.last).toMatchObject({ is: "refused", code: "not-ready" });
    story.green_is(READY).command({ verb: "retry" });
    expect(story.at).toBe("applying 0");
    story.green_is(ALL_DOWN);
    expect(story.at).toBe("reverting 0");
  });
});
