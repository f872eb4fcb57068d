import { expect, it } from "vitest";
import { RollingWorld } from "./rolling-world.ts";

const SEEDS = Math.ceil(Number(process.env.SLUICE_SEEDS ?? 500) / 3);
const FIRST = Number(process.env.SLUICE_FIRST_SEED ?? 1);
const UPSETS = 60;
const EVERY_MS = 2_500;
const END_MS = 600_000;

async function run(seed: number): Promise<RollingWorld> {
  const world = new RollingWorld(seed);
  await world.boot();
  for (let upset = 0; upset < UPSETS; upset++) {
    const until = world.timeline.t + EVERY_MS;
    while (await world.step(until));
    world.upset();
  }
  world.heal();
  const end = world.timeline.t + END_MS;
  const over = () => world.rollouts.every(({ phase }) => phase.phase === "promoted" || phase.phase === "reverted");
  for (let calm = 0; calm < 3 && world.timeline.t < end; ) {
    const until = world.timeline.t + 10_000;
    while (await world.step(until));
    calm = over() ? calm + 1 : 0;
    if (calm === 0) world.finish();
  }
  world.checkEnd();
  return world;
}

it(`updates pools in place over ${SEEDS} seeds, whatever goes wrong`, { timeout: 240_000 }, async () => {
  const seen = { promoted: 0, reverted: 0, crashes: 0, touched: 0 };
  const broken: string[] = [];
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    try {
      const world = await run(seed);
      for (const { phase } of world.rollouts) seen[phase.phase as "promoted" | "reverted"] += 1;
      seen.crashes += world.crashes;
      seen.touched += world.fleet.touched.length;
    } catch (error) {
      broken.push(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  expect(broken).toEqual([]);
  expect(seen.promoted).toBeGreaterThan(SEEDS / 10);
  expect(seen.reverted).toBeGreaterThan(SEEDS / 10);
  expect(seen.crashes).toBeGreaterThan(SEEDS / 4);
  expect(seen.touched).toBeGreaterThan(SEEDS);
});
