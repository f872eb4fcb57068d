import { describe, expect, it } from "vitest";
import { effects } from "../../src/core/effects.ts";
import type { Hook, Hooks } from "../../src/core/hook.ts";
import type { Command } from "../../src/core/rollout.ts";
import { hook, RollingStory } from "./rolling-story.ts";
import { Story } from "./story.ts";

const RETRY: Command = { verb: "retry" };
const FROM_START: Command = { verb: "retry", from: "start" };

const HOOKS: readonly (readonly [string, Partial<Hooks>])[] = [
  ["no hooks", {}],
  ["an afterRevert hook", { afterRevert: [hook("tidy")] }],
  ["an onFailed hook", { onFailed: [hook("call")] }],
  ["both", { afterRevert: [hook("tidy")], onFailed: [hook("call")] }],
];

const running = (story: { readonly rollout: Story["rollout"] }) =>
  effects(story.rollout).flatMap((effect) => (effect.effect === "hook" ? `${effect.point} ${effect.hook.name}` : []));

/** At its second step, sent back by a fail, and nginx takes no way back. */
function failedCanary(hooks: Partial<Hooks>): Story {
  return new Story({ hooks }).toApproval().verdict("fail").refused("no space left");
}

describe.each(HOOKS)("rule 4: retry of a failed rollout, with %s", (_name, hooks) => {
  it("goes on with the step of a canary that failed, and with all that comes after it", () => {
    const story = failedCanary(hooks);
    expect(story.rollout.phase.phase).toBe("failed");
    story.command(RETRY);
    expect([story.at, story.green]).toEqual(["applying 1", 5_000]);
    story.applied().later(1).command({ verb: "advance", step: 1 }).applied().later(10_000);
    while (story.rollout.phase.phase === "moving") story.applied().later(1_000);
    expect(story.at).toBe("promoted");
  });

  it("goes on with the switch that failed", () => {
    const story = new Story({ strategy: "blue-green", hooks }).applied().verdict("fail").refused("no space left");
    story.command(RETRY);
    expect([story.at, story.green]).toEqual(["applying 0", 10_000]);
    story.applied().verdict("pass").later(20_000).applied();
    expect(story.at).toBe("promoted");
  });

  it("goes back by the same way again where it fails again", () => {
    const story = failedCanary(hooks).command(RETRY).applied().command({ verb: "abort" });
    expect([story.rollout.phase.phase, story.green]).toEqual(["reverting", 0]);
    story.applied();
    expect(running(story)).toEqual((hooks.afterRevert ?? []).map(({ name }) => `afterRevert ${name}`));
  });

  it("goes on with the rollback that failed in a rolling update, which is never taken back itself", () => {
    const undo = { hook: hook("undo"), batch: { count: 1 }, delayMs: 0 };
    const story = new RollingStory({ rollback: undo, onFailure: "rollback" }, { hooks }).batch("a:1").drained().hooksEnd(false);
    story.drained().hooksEnd(false);
    expect(story.phase).toBe("failed");
    expect(story.command(RETRY).running.map(({ member, point }) => [member, point])).toEqual([["b:1", "rollback"]]);
  });

  it("begins anew at the first step where that is asked for", () => {
    const story = failedCanary(hooks).command(FROM_START);
    expect([story.at, story.green]).toEqual(["applying 0", 500]);
    story.applied().verdict("pass").later(10_000).applied().later(1);
    // Who approved before did not approve this.
    expect(story.at).toBe("waiting 1");
  });
});

describe("retry of a failed rollout", () => {
  const ask: Hook = hook("ask");

  function toFailedHook(): Story {
    const story = new Story({ hooks: { beforeStep: [ask], afterRevert: [hook("tidy")] } });
    const end = (ok: boolean) => {
      for (const effect of effects(story.rollout))
        if (effect.effect === "hook")
          story.tell({ signal: "task", key: effect.task, result: { ok, text: ok ? "done" : "exit code 1", by: null } });
    };
    end(true);
    story.applied().verdict("pass").later(10_000);
    end(false);
    return story.refused("no space left");
  }

  it("runs a hook that failed once more, and none that succeeded", () => {
    const story = toFailedHook();
    expect(story.rollout.phase.phase).toBe("failed");
    expect([running(story.command(RETRY)), story.at]).toEqual([["beforeStep ask"], "waiting 1"]);
    const anew = toFailedHook().command(FROM_START);
    expect([running(anew), anew.at]).toEqual([[], "applying 0"]);
  });

  it("takes back what an abort sent back before, and keeps one way back", () => {
    const story = failedCanary({ afterRevert: [hook("tidy")] });
    const { length } = story.rollout.plan;
    story.command({ verb: "abort" }).refused("no space left");
    expect([story.rollout.phase.phase, story.rollout.plan.length]).toEqual(["failed", length]);
    expect(story.command(RETRY).at).toBe("applying 1");
  });

  it("gives an afterRevert hook no result that a step of the way forward had", () => {
    const hooks = { afterRevert: [hook("tidy")], afterStep: [ask] };
    const share = (bp: number) => ({ kind: "share", share: bp, forMs: 10_000, needs: [], hold: null }) as const;
    const story = new Story({ hooks, canary: { steps: [share(500), share(1_000), share(2_000)] } });
    const end = () => {
      for (const effect of effects(story.rollout))
        if (effect.effect === "hook")
          story.tell({ signal: "task", key: effect.task, result: { ok: true, text: "done", by: null } });
    };
    for (let step = 0; step < 2; step++) {
      story.applied().later(10_000);
      end();
    }
    story.applied().verdict("fail").refused("no space left").command(FROM_START).applied().command({ verb: "abort" }).applied();
    expect([story.rollout.phase.phase, running(story)]).toEqual(["reverting", ["afterRevert tidy"]]);
    const [tidying] = effects(story.rollout).flatMap((effect) => (effect.effect === "hook" ? effect.task : []));
    // Nor its name: who was given the one as SLUICE_KEY did other work.
    expect(Object.keys(story.rollout.tasks)).not.toContain(tidying);
  });

  it("does not begin a rolling update anew over members that a rollback left in the middle, and says how", () => {
    const story = new RollingStory().batch("a:1").command({ verb: "abort" }).is("b:1", true).command(FROM_START);
    expect(story.last).toMatchObject({ is: "refused", code: "wrong-phase", hint: expect.stringContaining("sluice abort web") });
  });
});
