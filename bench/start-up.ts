import { setTimeout as wait } from "node:timers/promises";
import { startBackends } from "./backends.ts";
import { ControllerProcess } from "./controller.ts";
import { startEdge } from "./edge.ts";
import { type Effort, type Figure, figure, type Section } from "./figure.ts";

/** How long a controller runs before its memory and its appetite are looked at: more than two rounds of health checks. */
const SETTLE_MS = 5_000;

/**
 * How long a controller takes from the start of its process until `/readyz` says 200, until nginx is proved to
 * serve what is wanted, and what memory it holds then.
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
  const most = (goal: number) => (services === 1_000 ? { most: goal } : null);
  const read = (runs: readonly Run[], key: keyof Run) => runs.map((run) => run[key]);
  return [
    figure(`${of}: first start`, "ms", [first.readyMs], most(2_000)),
    figure(`${of}: start with stored state`, "ms", read(others, "readyMs"), most(2_000)),
    figure(`${of}: start until nginx is proved`, "ms", read(all, "provedMs")),
    figure(`${of}: memory ${SETTLE_MS / 1_000} s later`, "MB", read(all, "settledMb"), most(200)),
    figure(`${of}: most memory until then`, "MB", read(all, "mostMb")),
    figure(`${of}: processor while nothing changes`, "% of a core", read(all, "idlePercent")),
  ];
}

type Run = {
  readonly readyMs: number;
  readonly provedMs: number;
  readonly settledMb: number;
  readonly mostMb: number;
  readonly idlePercent: number;
};

async function once(prefix: string, apiPort: number): Promise<Run> {
  await using controller = await ControllerProcess.start(prefix, apiPort);
  await controller.reaches("web", "proved", (web) => web.applied.targets.every((target) => target.state === "applied"));
  const provedMs = controller.ageMs();
  await wait(SETTLE_MS / 2);
  const before = controller.cpuMs();
  await wait(SETTLE_MS / 2);
  const idlePercent = ((controller.cpuMs() - before) / (SETTLE_MS / 2)) * 100;
  const { now, most } = controller.memoryMb();
  return { readyMs: controller.readyMs, provedMs, settledMb: now, mostMb: most, idlePercent };
}
