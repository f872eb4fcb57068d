import { describe, expect, it } from "vitest";
import { checkAlways, checkEnd } from "./invariants.ts";
import { isOver } from "./story.ts";
import { World } from "./world.ts";

const SEEDS = Number(process.env.SLUICE_SEEDS ?? 500);
const FIRST = Number(process.env.SLUICE_FIRST_SEED ?? 1);
const UPSETS = 28;
const EVERY_MS = 2_500;
const END_MS = 400_000;
const CALM_MS = 10_000;

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
  for (let calm = 0; calm < 3 && world.timeline.t < end; ) {
    const until = world.timeline.t + CALM_MS;
    while (await world.step(until)) checkAlways(world);
    calm = world.witness.rollouts.every(isOver) ? calm + 1 : 0;
    if (calm < 2) world.finish();
  }
  checkEnd(world);
  return world;
}

describe("the real controller in a world where everything goes wrong", () => {
  it(`keeps its promises over ${SEEDS} seeds`, { timeout: 240_000 }, async () => {
    const seen = { promoted: 0, reverted: 0, crashes: 0, aborted: 0, reloads: 0, forgotten: 0 };
    const broken: string[] = [];
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      try {
        const world = await run(seed);
        for (const rollout of world.witness.rollouts) seen[rollout.phase.phase as "promoted" | "reverted"] += 1;
        seen.crashes += world.crashes;
        seen.reloads += world.reloads;
        seen.forgotten += world.witness.rollouts.filter(({ id }) => world.disk.entry(`rollouts/${id}`) === null).length;
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
    expect(seen.reloads).toBeGreaterThan(SEEDS / 10);
    expect(seen.forgotten).toBeGreaterThan(SEEDS / 10);
  });
});
