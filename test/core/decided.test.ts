import { expect, it } from "vitest";
import type { Decided } from "../../src/core/decided.ts";
import type { Fact, Verdict } from "../../src/core/rollout.ts";
import { Story } from "./story.ts";

const basis = {
  windows: 1,
  canary: { n: 1_203, x: 41 },
  stable: { n: 3_650, x: 9 },
  sample: null,
  slowMs: null,
  logHarm: 8,
  logHarmNeeded: 4.6,
  logHealthy: -3,
  logHealthyNeeded: 3,
  needed: null,
};

const iso = (ms: number) => new Date(ms).toISOString();

/** A verdict of this step that was said from its last 6 seconds. */
function verdict(story: Story, is: Verdict["is"]): Story {
  const said: Verdict = {
    check: "errors",
    is,
    value: 0.034,
    limit: "< 2 %",
    samples: 1_203,
    windowMs: 6_000,
    text: `it says ${is}`,
    suspicious: "not for people",
    basis: { ...basis, from: story.t - 6_000, to: story.t },
  };
  return story.tell({ signal: "judged", rollout: "web-1", entry: story.entry, members: null, verdicts: [said] });
}

/** What happened last that is a decision. */
function last(story: Story): { fact: Fact; said: Decided } {
  const facts = story.last.is === "moved" ? story.last.facts : [];
  const fact = facts.find(({ data }) => "decision" in data);
  if (fact === undefined) throw new Error("nothing was decided");
  return { fact, said: fact.data as unknown as Decided };
}

it("a revert keeps what it was decided from", () => {
  const story = verdict(new Story().applied().later(8_000), "fail");
  const { fact, said } = last(story);
  expect(fact.kind).toBe("reverting");
  expect(said).toEqual({
    decision: "revert",
    checks: [
      {
        name: "errors",
        metric: "errors",
        rule: { kind: "below", bound: 0.02 },
        is: "fail",
        value: 0.034,
        limit: "< 2 %",
        samples: 1_203,
        windowMs: 6_000,
        text: "it says fail",
        basis: { ...basis, from: iso(story.t - 6_000), to: iso(story.t) },
      },
    ],
  });
});

it("instants are wall clock, whatever the controller's own clock says", () => {
  const story = new Story().applied();
  const at = story.t;
  verdict(story, "inconclusive");
  story.t += 10_000;
  const wall = 5_000_000_000;
  story.wall = wall;
  story.tell({ signal: "woken" });
  expect(last(story).said).toMatchObject({
    decision: "hold",
    checks: [{ basis: { from: iso(wall - 16_000), to: iso(wall - 10_000) } }],
  });
  expect(at).toBeLessThan(wall);
});

it("a hold, the pass that ends it, and the way on by a person are decisions too", () => {
  const held = verdict(new Story().applied(), "inconclusive").later(10_000);
  expect(last(held)).toMatchObject({ fact: { kind: "held" }, said: { decision: "hold", checks: [{ is: "inconclusive" }] } });
  const passed = verdict(held, "pass");
  expect(passed.at).toBe("applying 1");
  expect(last(passed)).toMatchObject({
    fact: { kind: "passed", step: 0, text: "5 % is over: errors: it says pass" },
    said: { decision: "advance", checks: [{ is: "pass" }] },
  });
  const pushed = verdict(new Story().applied(), "inconclusive").command({ verb: "advance", step: null });
  expect(last(pushed)).toMatchObject({ fact: { kind: "advanced", actor: "bob" }, said: { decision: "advance" } });
});

it("a verdict of an earlier step is left out of what this one was decided from", () => {
  const story = verdict(new Story({ canary: { steps: [STEP, { ...STEP, share: 2_000 }] } }).applied(), "pass").later(10_000);
  story.applied().later(10_000);
  expect(last(story)).toMatchObject({ fact: { kind: "held", step: 1 }, said: { checks: [] } });
});

const STEP = { kind: "share", share: 500, forMs: 10_000, needs: null, hold: null } as const;
