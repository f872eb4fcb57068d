import { describe, expect, it } from "vitest";
import { planCanary } from "../../src/core/canary.ts";
import { WHOLE } from "../../src/core/units.ts";
import { ALL_DOWN, CANARY, Story } from "./story.ts";

const COURSE = { from: "blue", to: "green", seed: "web-1", deadlineMs: 30_000 };

describe("a canary's plan", () => {
  it("ends with the commit of the whole traffic", () => {
    const labels = planCanary(CANARY, COURSE, "live").map((step) => step.label);
    expect(labels).toEqual(["5 %", "50 % until approved", "ramp to 100 %", "commit"]);
  });

  it("goes on to the whole where the last step stops short of it", () => {
    const steps = [{ kind: "share", share: 3_000, forMs: 0, needs: null, hold: null }] as const;
    const plan = planCanary({ ...CANARY, steps }, COURSE, "live");
    expect(plan.map((step) => step.want.shares.green)).toEqual([3_000, WHOLE, WHOLE]);
  });

  it("adds a bake at the whole traffic before the commit", () => {
    const plan = planCanary({ ...CANARY, bakeMs: 60_000 }, COURSE, "live");
    expect(plan.at(-2)).toMatchObject({ label: "bake", leastMs: 60_000, needs: ["errors"] });
  });

  it("waits for a healthy candidate before the first step only", () => {
    const before = planCanary(CANARY, COURSE, "live").map((step) => step.before.length);
    expect(before).toEqual([1, 0, 0, 0]);
  });
});

describe("a canary", () => {
  it("goes to the end by its steps, and is promoted", () => {
    const story = new Story();
    expect(story.at).toBe("applying 0");
    expect(story.green).toBe(500);
    story.applied();
    expect(story.at).toBe("observing 0");
    story.verdict("pass").later(9_999);
    expect(story.at).toBe("observing 0");
    story.later(1);
    expect([story.at, story.green]).toEqual(["applying 1", 5_000]);
    story.applied();
    expect(story.at).toBe("waiting 1");
    story.command({ verb: "advance", step: 1 });
    expect(story.at).toBe("applying 2");
    for (let second = 0; second < 12; second++) story.applied().later(1_000);
    story.applied();
    expect(story.at).toBe("promoted");
    expect(story.rollout.want).toMatchObject({ shares: { green: WHOLE }, base: "green" });
  });

  it("sends nothing before every candidate member is ready", () => {
    const story = new Story({}, ALL_DOWN);
    expect([story.at, story.green]).toEqual(["waiting 0", 0]);
    story.green_is({ ready: 1, of: 2, unknown: 0, reason: null });
    expect(story.at).toBe("waiting 0");
    story.green_is({ ready: 2, of: 2, unknown: 0, reason: null });
    expect([story.at, story.green]).toEqual(["applying 0", 500]);
  });

  it("goes back where the candidate is not healthy in time, and says why", () => {
    const story = new Story({}, ALL_DOWN).later(30_000);
    expect(story.at).toBe("reverted 0");
    expect(story.rollout.phase).toMatchObject({ cause: "0 of 2 members of green are ready: 10.0.1.1:80 refused the connection" });
  });

  it("raises a ramp in equal parts, each once the one before is proved, and reaches the end exactly", () => {
    const ramp = [{ kind: "ramp", to: 10_000, overMs: 3_000, needs: [], hold: null }] as const;
    const story = new Story({ canary: { steps: ramp } });
    const shares = [story.green];
    for (let second = 0; second < 3; second++) {
      story.applied().later(1_000);
      shares.push(story.green);
    }
    expect(shares).toEqual([3_400, 6_800, WHOLE, WHOLE]);
    expect(story.at).toBe("applying 1");
  });

  it("stands still in a ramp while nginx has not taken the last raise", () => {
    const ramp = [{ kind: "ramp", to: 10_000, overMs: 10_000, needs: [], hold: null }] as const;
    const story = new Story({ canary: { steps: ramp } }).applied().later(1_000);
    expect(story.green).toBe(2_000);
    story.later(60_000);
    expect(story.green).toBe(2_000);
    story.applied().later(999);
    expect(story.green).toBe(2_000);
    story.later(1);
    expect(story.green).toBe(3_000);
  });
});

describe("a ramp", () => {
  const ramp = [{ kind: "ramp", to: 10_000, overMs: 10_000, needs: [], hold: null }] as const;

  it("never catches up in a burst, however long nobody looked", () => {
    const story = new Story({ canary: { steps: ramp } }).applied().later(1_800_000);
    expect(story.green).toBe(2_000);
    story.applied().later(999);
    expect(story.green).toBe(2_000);
    expect(story.later(1).green).toBe(3_000);
  });

  it("says once why nginx does not take a raise, and goes on when it does", () => {
    const story = new Story({ canary: { steps: ramp } }).applied().later(1_000).refused("bind() failed").refused("bind() failed");
    expect(story.kinds.filter((kind) => kind === "refused")).toHaveLength(1);
    expect(story.applied().later(1_000).green).toBe(3_000);
  });
});

describe("a paused canary", () => {
  it("keeps what is left of its dwell", () => {
    const story = new Story().applied().verdict("pass").later(4_000).command({ verb: "pause" });
    story.later(3_600_000);
    expect(story.at).toBe("paused 0");
    story.command({ verb: "resume" }).later(5_999);
    expect(story.at).toBe("observing 0");
    story.later(1);
    expect(story.at).toBe("applying 1");
  });

  it("is not ended by a verdict, a proof or the clock, but a fail still reverts it", () => {
    const story = new Story().applied().command({ verb: "pause" }).verdict("pass").later(60_000);
    expect(story.at).toBe("paused 0");
    story.verdict("fail");
    expect([story.at, story.green]).toEqual(["reverting 0", 0]);
  });

  it("takes up a step that was proved while it stood still", () => {
    const story = new Story().command({ verb: "pause" }).applied();
    expect(story.at).toBe("paused 0");
    story.command({ verb: "resume" });
    expect(story.at).toBe("observing 0");
  });
});
