import { beforeEach, describe, expect, it } from "vitest";
import { House } from "./house.ts";

let house: House;
beforeEach(() => {
  house = new House();
});

describe("judging", () => {
  it("lets a good canary go to the end by itself", async () => {
    await house.canary();
    await house.pass(60_000);
    expect(house.rollout.phase.phase).toBe("promoted");
    expect(house.disk.below("evidence/")).toEqual([]);
  });

  it("sends a bad one back as soon as there is enough to tell", async () => {
    await house.canary();
    await house.pass(3_000);
    house.errorRatio = 0.1;
    await house.pass(5_000);
    expect(house.rollout.phase).toMatchObject({ phase: "reverted", cause: expect.stringContaining("errors") });
    expect(house.green).toBe(0);
  });

  it("counts nothing that was seen before the step", async () => {
    await house.canary();
    await house.pass(8_000);
    // A page that is 1 % bad passes; the errors of the next step are a part of its own requests alone.
    house.errorRatio = 0.01;
    await house.pass(4_000);
    expect(house.rollout.phase).toMatchObject({ phase: "moving", cursor: { step: 1 } });
    const before = house.events.filter((event) => event.kind === "verdict" && event.step === 1)[0];
    expect(before?.text).toMatch(/0 s of 6 s|nothing measured/);
  });

  it("rule 9: goes on with what it had read before a kill, and counts nothing twice", async () => {
    await house.canary();
    await house.pass(5_000);
    const samples = () => house.rollout.verdicts.errors?.verdict.samples ?? 0;
    const before = samples() ?? 0;
    expect(before).toBeGreaterThan(0);
    await house.boot();
    await house.pass(2_500);
    expect(samples()).toBeLessThanOrEqual(400);
    expect(samples()).toBeGreaterThan(before);
  });

  it("goes no further on a pass that an earlier process saw", async () => {
    await house.canary();
    await house.pass(9_000);
    house.kill();
    house.errorRatio = 0.5;
    await house.pass(30_000);
    await house.boot();
    await house.pass(20_000);
    expect(house.rollout.phase.phase).toBe("reverted");
    expect(house.events.filter((event) => event.kind === "applying").map((event) => event.step)).toEqual([0]);
  });

  it("holds while the page cannot be read, and goes on afterwards", async () => {
    await house.canary();
    house.readable = false;
    await house.pass(60_000);
    expect(house.rollout.phase).toMatchObject({ phase: "moving", cursor: { step: 0, stage: { at: "held" } } });
    house.readable = true;
    await house.pass(60_000);
    expect(house.rollout.phase.phase).toBe("promoted");
  });
});
