import { describe, expect, it } from "vitest";
import type { Rollout } from "../../src/core/rollout.ts";
import { checkAlways, checkEnd, checkJournal } from "./invariants.ts";
import { World } from "./world.ts";

const SEEDS = Number(process.env.SLUICE_SEEDS ?? 500);
const FIRST = Number(process.env.SLUICE_FIRST_SEED ?? 1);
const UPSETS = 60;
const EVERY_MS = 2_500;
const END_MS = 400_000;

/** A run: minutes in which anything goes wrong, then everything is mended, and every rollout must come to its end. */
async function run(seed: number): Promise<World> {
  const world = new World(seed);
  await world.boot();
  for (let upset = 0; upset < UPSETS; upset++) {
    const until = world.timeline.t + EVERY_MS;
    while (await world.step(until)) checkAlways(world);
    world.upset();
  }
  world.heal();
  const end = world.timeline.t + END_MS;
  for (let calm = 0; calm < 4 && world.timeline.t < end; ) {
    const until = world.timeline.t + 20_000;
    while (await world.step(until)) checkAlways(world);
    calm = world.rollouts.every(ended) ? calm + 1 : 0;
    world.finish();
  }
  checkEnd(world);
  checkJournal(world);
  return world;
}

const ended = (rollout: Rollout) => rollout.phase.phase === "promoted" || rollout.phase.phase === "reverted";

describe("the real controller in a world where everything goes wrong", () => {
  it(`keeps its promises over ${SEEDS} seeds`, { timeout: 240_000 }, async () => {
    const seen = { promoted: 0, reverted: 0, crashes: 0, aborted: 0 };
    const broken: string[] = [];
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      try {
        const world = await run(seed);
        for (const rollout of world.rollouts) if (ended(rollout)) seen[rollout.phase.phase as "promoted" | "reverted"] += 1;
        seen.crashes += world.crashes;
        seen.aborted += world.aborted.size;
      } catch (error) {
        broken.push(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    expect(broken).toEqual([]);
    // A run in which nothing happens proves nothing.
    expect(seen.promoted).toBeGreaterThan(SEEDS / 10);
    expect(seen.reverted).toBeGreaterThan(SEEDS / 10);
    expect(seen.crashes).toBeGreaterThan(SEEDS / 2);
    expect(seen.aborted).toBeGreaterThan(SEEDS / 10);
  });
});
