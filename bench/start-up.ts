import { setTimeout as wait } from "node:timers/promises";
import { startBackends } from "./backends.ts";
import { ControllerProcess } from "./controller.ts";
import { startEdge } from "./edge.ts";
import { type Effort, type Figure, figure, type Section } from "./figure.ts";

/** How long a controller runs before its memory and its appetite are looked at: more than two rounds of health checks. */
const SETTLE_MS = 5_000;

/**
 * How long a controller takes from the start of its process until `/readyz` says 200 (every service loaded, nginx recognised as
 * serving what is wanted), and what memory it holds.
 *
 * Each service is `live`, with two pools of one member, and the default health checks. The first start finds no state; the others
 * find that of the one before. nginx runs, with the configuration that `render --write` made.
 */
export async function startUp(effort: Effort): Promise<Section> {
  const figures: Figure[] = [];
  const sizes = effort === "full" ? [1, 100, 1_000] : [1, 1_000];
  for (const services of sizes) figures.push(...(await measure(services, effort === "full" ? 5 : 2)));
  return { id: "d", title: "the controller's start and memory", figures, notes: ["MB are 10^6 bytes of resident memory"] };
}

async function measure(services: number, again: number): Promise<readonly Figure[]> {
  await using backends = await startBackends();
  await using edge = await startEdge({ backends, routing: "live", more: services - 1 });
  const first = await once(edge.prefix, edge.apiPort);
  const others: Run[] = [];
  for (let run = 0; run < again; run += 1) others.push(await once(edge.prefix, edge.apiPort));
  const all = [first, ...others];
  const of = `${services} service${services === 1 ? "" : "s"}`;
  const bounded = services === 1_000;
  return [
    figure(`${of}: first start`, "ms", [first.readyMs], bounded ? { most: 2_000 } : null),
    figure(
      `${of}: start with stored state`,
      "ms",
      others.map((one) => one.readyMs),
      bounded ? { most: 2_000 } : null,
    ),
    figure(
      `${of}: memory ${SETTLE_MS / 1_000} s later`,
      "MB",
      all.map((one) => one.settledMb),
      bounded ? { most: 200 } : null,
    ),
    figure(
      `${of}: most memory until then`,
      "MB",
      all.map((one) => one.mostMb),
    ),
    figure(
      `${of}: processor while nothing changes`,
      "% of a core",
      all.map((one) => one.idlePercent),
    ),
  ];
}

type Run = { readonly readyMs: number; readonly settledMb: number; readonly mostMb: number; readonly idlePercent: number };

async function once(prefix: string, apiPort: number): Promise<Run> {
  await using controller = await ControllerProcess.start(prefix, apiPort);
  await wait(SETTLE_MS / 2);
  const before = controller.cpuMs();
  await wait(SETTLE_MS / 2);
  const idlePercent = ((controller.cpuMs() - before) / (SETTLE_MS / 2)) * 100;
  const { now, most } = controller.memoryMb();
  return { readyMs: controller.readyMs, settledMb: now, mostMb: most, idlePercent };
}
