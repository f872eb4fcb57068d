import { it } from "vitest";
import { RollingWorld } from "/tmp/rolling/test/simulation/rolling-world.ts";
it("dbg", { timeout: 60000 }, async () => {
  const world = new RollingWorld(Number(process.env.SEED));
  await world.boot();
  try {
  for (let upset = 0; upset < 60; upset++) { const until = world.timeline.t + 2500; while (await world.step(until)); world.upset(); }
  world.heal();
  const end = world.timeline.t + 600000;
  const over = () => world.rollouts.every(({ phase }) => phase.phase === "promoted" || phase.phase === "reverted");
  while (!over() && world.timeline.t < end) { const until = world.timeline.t + 10000; while (await world.step(until)); world.finish(); }
  world.checkEnd();
  } catch (error) { console.log(String(error)); }
  const j = world.disk.below("journal/") as any[];
  const t0 = j[0]?.at;
  for (const e of j.slice(-Number(process.env.N ?? 40))) console.log(Math.round((Date.parse(e.at)-Date.parse(t0))/100)/10, e.rollout, e.step, e.kind, e.text.slice(0,140));
  const r = world.rollouts.at(-1) as any;
  console.log(JSON.stringify(r?.phase), JSON.stringify({...r?.rolling, settings: undefined, health: undefined}), JSON.stringify(r?.rolling?.health), r?.seq, r?.appliedSeq);
  console.log(JSON.stringify(r?.plan?.[r.phase.cursor?.step]));
  console.log(JSON.stringify(world.nginx.serves.get("web")?.endpoints), JSON.stringify([...world.fleet.machines]));
});
