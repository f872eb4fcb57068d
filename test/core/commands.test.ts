import { describe, expect, it } from "vitest";
import { effects } from "../../src/core/effects.ts";
import type { Command } from "../../src/core/rollout.ts";
import { ALL_DOWN, ONE_DOWN, READY, Story } from "./story.ts";

const ABORT: Command = { verb: "abort" };
const ADVANCE: Command = { verb: "advance", step: null };
const PROMOTE: Command = { verb: "promote" };

/** A story in every phase that a rollout can be in while it has something to take back. */
const PHASES: readonly (readonly [string, () => Story])[] = [
  ["waiting for health", () => new Story({}, ALL_DOWN)],
  ["applying", () => new Story()],
  ["applying, and refused by nginx", () => new Story().refused("bind() failed")],
  ["observing", () => new Story().applied()],
  ["held", () => new Story().applied().later(10_000)],
  ["waiting for approval", () => new Story().toApproval()],
  ["paused", () => new Story().applied().command({ verb: "pause" })],
  ["promoting", () => new Story().applied().command(PROMOTE)],
  ["committing", () => new Story().applied().command(PROMOTE).applied()],
  ["failed", () => new Story().applied().command(ABORT).refused("bind() failed")],
];

describe("rule 1: abort wins", () => {
  it.each(PHASES)("when %s", (_name, make) => {
    const story = make().command(ABORT);
    expect(story.last.is).toBe("moved");
    expect(story.rollout.want.shares).toEqual({ blue: 10_000 });
    expect(story.rollout.want.base).toBe("blue");
    story.applied();
    expect(story.at).toMatch(/^reverted/);
  });

  it("over a promote that is under way, whichever came first", () => {
    const story = new Story().applied().command(PROMOTE).command(ABORT).command(PROMOTE);
    expect(story.last).toMatchObject({ is: "refused", code: "wrong-phase" });
    story.applied();
    expect(story.at).toMatch(/^reverted/);
  });

  it("needs nothing where nothing was moved yet", () => {
    expect(new Story({}, ALL_DOWN).command(ABORT).at).toBe("reverted 0");
  });

  it("has nothing to do on the way back, and says no more", () => {
    const story = new Story().applied().command(ABORT).command(ABORT);
    expect([story.last.is, story.at]).toEqual(["ignored", "reverting 0"]);
  });

  it("waits for nginx to prove it", () => {
    const story = new Story().applied().command(ABORT);
    expect(story.at).toBe("reverting 0");
    story.applied(1);
    expect(story.at).toBe("reverting 0");
    story.applied();
    expect(story.at).toBe("reverted 0");
  });
});

describe("rule 2: a way back that nginx does not take", () => {
  it("is failed, holds the slot, and ends by itself when nginx takes it", () => {
    const story = new Story().applied().verdict("fail").refused("no space left");
    expect(story.at).toBe("failed 0");
    expect(story.rollout.phase).toMatchObject({ trouble: "no space left", cause: "errors: the check says fail" });
    story.applied();
    expect(story.at).toBe("reverted 0");
  });

  it("is failed as well where hooks come after it, which then run", () => {
    const call = { name: "call", deadlineMs: 1_000, do: "command", command: ["call"], env: {} } as const;
    const story = new Story({ hooks: { afterRevert: [call], onFailed: [call] } })
      .applied()
      .command(ABORT)
      .refused("bind() failed");
    const wanted = () => effects(story.rollout).flatMap((effect) => (effect.effect === "hook" ? effect.point : []));
    expect([story.rollout.phase.phase, wanted()]).toEqual(["failed", ["onFailed"]]);
    story.applied();
    expect([story.rollout.phase.phase, wanted()]).toEqual(["reverting", ["afterRevert"]]);
    // Its journal ends with where it is.
    expect(story.kinds.slice(-4)).toEqual(["failed", "reverting", "observing", "waiting"]);
  });

  it("goes on from the step that failed by `retry`", () => {
    const story = new Story().applied().verdict("fail").refused("no space left").command({ verb: "retry" });
    expect([story.at, story.green]).toEqual(["applying 0", 500]);
  });
});

describe("rule 3: advance", () => {
  it("names the step that it means, so that a double click skips none", () => {
    const story = new Story().applied().verdict("pass").command({ verb: "advance", step: 0 });
    expect(story.at).toBe("applying 1");
    story.applied().command({ verb: "advance", step: 0 });
    // As people count, and status shows.
    expect(story.last).toMatchObject({ is: "refused", code: "stale-step", reason: "web-1 is at step 2, not 1" });
  });

  it("means the present step where it names none, and records who approved", () => {
    const story = new Story().toApproval().command(ADVANCE);
    expect(story.at).toBe("applying 2");
    expect(Object.values(story.rollout.tasks)).toEqual([{ ok: true, text: "approved by bob", by: "bob" }]);
  });

  it("is refused while nginx does not serve the step yet, while paused, and while a member is down", () => {
    expect(new Story().command(ADVANCE).last).toMatchObject({ is: "refused", code: "wrong-phase" });
    expect(new Story().applied().command({ verb: "pause" }).command(ADVANCE).last).toMatchObject({
      is: "refused",
      code: "paused",
    });
    expect(new Story().applied().green_is(ONE_DOWN).command(ADVANCE).last).toMatchObject({ is: "refused", code: "not-ready" });
    expect(new Story({}, ONE_DOWN).command(ADVANCE).last).toMatchObject({ is: "refused", code: "not-ready" });
  });

  it("goes past no member that is down, not even by an approval", () => {
    expect(new Story().toApproval().green_is(ONE_DOWN).command(ADVANCE).last).toMatchObject({ is: "refused", code: "not-ready" });
  });

  it("by a double click on a ramp skips neither its proof nor its evidence", () => {
    const ramp = [
      { kind: "ramp", to: 5_000, overMs: 10_000, needs: null, hold: null },
      { kind: "share", share: 7_500, forMs: 0, needs: null, hold: null },
    ] as const;
    const story = new Story({ canary: { steps: ramp } }).applied().command({ verb: "advance", step: 0 });
    expect(story.command({ verb: "advance", step: 0 }).last).toMatchObject({ is: "refused", code: "wrong-phase" });
    expect([story.at, story.green]).toEqual(["observing 0", 5_000]);
    expect(story.applied().at).toBe("held 0");
  });

  it("takes the rest of a ramp at once, and the next step once nginx serves it", () => {
    const ramp = [{ kind: "ramp", to: 5_000, overMs: 10_000, needs: [], hold: null }] as const;
    const story = new Story({ canary: { steps: ramp } }).applied().command(ADVANCE);
    expect([story.at, story.green]).toEqual(["observing 0", 5_000]);
    story.applied();
    expect([story.at, story.green]).toEqual(["applying 1", 10_000]);
  });
});

describe("rule 4: promote", () => {
  it("goes to the whole traffic, proves it, then commits, without any dwell", () => {
    const story = new Story({ canary: { bakeMs: 60_000 } }).applied().command(PROMOTE);
    expect([story.green, story.rollout.want.base]).toEqual([10_000, "blue"]);
    story.applied();
    expect([story.green, story.rollout.want.base]).toEqual([10_000, "green"]);
    story.applied();
    expect(story.at).toBe("promoted");
  });

  it("ends an approval that is waited for", () => {
    const story = new Story().toApproval().command(PROMOTE);
    expect([story.at, story.green]).toEqual(["applying 2", 10_000]);
  });

  it("needs ready members, and is refused after a fail", () => {
    expect(new Story().applied().green_is(ONE_DOWN).command(PROMOTE).last).toMatchObject({ is: "refused", code: "not-ready" });
    expect(new Story().applied().verdict("fail").command(PROMOTE).last).toMatchObject({ is: "refused", code: "failed-check" });
  });

  it("skips the bake of a switch that is already at the whole traffic", () => {
    const story = new Story({ strategy: "blue-green" }).applied().command(PROMOTE);
    expect([story.at, story.rollout.want.base]).toEqual(["applying 1", "green"]);
  });
});

describe("a refusal", () => {
  it("calls the phase as everybody sees it", () => {
    const retry: Command = { verb: "retry" };
    const reasons = [
      new Story().command(retry),
      new Story().applied().command(retry),
      new Story().applied().green_is(ONE_DOWN).later(10_000).command(retry),
    ].map(({ last }) => (last.is === "refused" ? last.reason : last.is));
    expect(reasons).toEqual(["web-1 is applying, not failed", "web-1 is observing, not failed", "web-1 is waiting, not failed"]);
  });
});

describe("signals that come late or twice", () => {
  it("change nothing", () => {
    const story = new Story().applied();
    for (const seq of [0, 1, story.rollout.seq]) expect(story.applied(seq).last.is).toBe("ignored");
    expect(story.tell({ signal: "applied", by: { rollout: "web-0", seq: story.rollout.seq } }).last.is).toBe("ignored");
    expect(story.green_is(READY).last.is).toBe("ignored");
    expect(story.tell({ signal: "judged", rollout: "web-0", entry: 1, members: null, verdicts: [] }).last.is).toBe("ignored");
    expect(story.later(1).last.is).toBe("ignored");
  });

  it("are refused with a reason where they are commands that have no meaning now", () => {
    expect(new Story().command({ verb: "resume" }).last).toMatchObject({ is: "refused", code: "wrong-phase" });
    expect(new Story().command({ verb: "retry" }).last).toMatchObject({ is: "refused", code: "nothing-to-retry" });
  });
});
