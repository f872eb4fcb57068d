import { readlinkSync, watch } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { startBackends } from "./backends.ts";
import { Clients } from "./clients.ts";
import { nowMs } from "./clock.ts";
import { ControllerProcess } from "./controller.ts";
import { startEdge } from "./edge.ts";
import { type Effort, figure, lost, type Section } from "./figure.ts";

/** One change of a share, as it was seen from outside. Times are milliseconds after the call was sent. */
type Change = {
  readonly kind: "switch" | "abort" | "advance";
  readonly swapMs: number;
  readonly answeredMs: number;
  /** Start of the latest request that went to the pool that loses all traffic; below 0 where it started before the call. */
  readonly latestOldMs: number;
  /** Requests that started after the swap and still went there; 0 for an `advance`, after which both pools are in use. */
  readonly lateOld: number;
  readonly requests: number;
  readonly failed: number;
};

/** Clients and their pause: about 10 000 requests a second, which leaves a core to the controller. */
export const CLIENTS = 24;
export const PAUSE_MS = 1;
/** How long is listened for requests that went to the old pool after all. */
export const LISTEN_MS = 150;
const ADVANCES = 20;

/**
 * `live`: how soon a command moves the traffic, through the real API of a real controller.
 *
 * - The call begins when the request is handed to the HTTP client, on a connection that is open already.
 * - The swap is the rename of the table's link, seen by watching the folder from this process: later than the rename itself by
 *   the time of a notification, never earlier.
 * - Requests start when the client hands them to the kernel, on the same clock.
 */
export async function liveSwitch(effort: Effort): Promise<Section> {
  await using backends = await startBackends();
  await using edge = await startEdge({ backends, routing: "live" });
  await using controller = await ControllerProcess.start(edge.prefix, edge.apiPort);
  await controller.reaches("web", "every member is ready", (web) =>
    Object.values(web.pools).every((pool) => pool.members.every((member) => member.health === "ready")),
  );
  await using clients = await Clients.start(edge.port, CLIENTS, PAUSE_MS);
  const table = join(edge.prefix, "tables/web.green");
  const changes: Change[] = [];
  const rounds = effort === "full" ? 25 : 10;
  for (let round = 0; round < rounds; round += 1) {
    const to = () => controller.post("/v1/services/web/switch", { to: "green" });
    changes.push(await change("switch", { old: "blue", call: to, table, clients }));
    await controller.reaches("web", "switched", (web) => web.rollout?.phase === "observing");
    const back = () => controller.post("/v1/services/web/rollout/abort", {});
    changes.push(await change("abort", { old: "green", call: back, table, clients }));
    await controller.reaches("web", "back", (web) => web.rollout?.phase === "reverted");
  }
  await controller.post("/v1/services/web/rollouts", { strategy: "canary", to: "green" });
  for (let step = 0; step < ADVANCES; step += 1) {
    await controller.reaches("web", `step ${step}`, (web) => web.rollout?.phase === "waiting" && web.rollout.step === step);
    if (step + 1 === ADVANCES) break;
    const on = () => controller.post("/v1/services/web/rollout/advance", { step });
    changes.push(await change("advance", { old: "", call: on, table, clients }));
  }
  return { id: "a", title: "live: a change of the share under keep-alive load", ...summary(changes) };
}

async function change(
  kind: Change["kind"],
  on: { readonly old: string; readonly call: () => Promise<void>; readonly table: string; readonly clients: Clients },
): Promise<Change> {
  await on.clients.forget();
  // The clients get going again after the last reading.
  await wait(50);
  using swap = nextSwap(on.table);
  const calledMs = nowMs();
  await on.call();
  const answeredMs = nowMs();
  const swapMs = await swap.seen;
  await wait(LISTEN_MS);
  const counted = await on.clients.count(on.old, swapMs);
  return {
    kind,
    swapMs: swapMs - calledMs,
    answeredMs: answeredMs - calledMs,
    latestOldMs: (counted.latestMs ?? calledMs) - calledMs,
    lateOld: kind === "advance" ? 0 : counted.after,
    requests: counted.total,
    failed: counted.failed,
  };
}

/** `seen` resolves with the time at which the table's link was seen to lead elsewhere. */
function nextSwap(table: string): { readonly seen: Promise<number> } & Disposable {
  const before = readlinkSync(table);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const watcher = watch(join(table, ".."), () => {
    const seenMs = nowMs();
    if (readlinkSync(table) !== before) resolve(seenMs);
  });
  const limit = setTimeout(() => reject(new Error(`${table} was not swapped within 10 s`)), 10_000);
  return {
    seen: promise,
    [Symbol.dispose]() {
      clearTimeout(limit);
      watcher.close();
    },
  };
}

function summary(changes: readonly Change[]): Pick<Section, "figures" | "notes"> {
  const of = (kind: Change["kind"], read: (one: Change) => number) => changes.filter((one) => one.kind === kind).map(read);
  const whole = changes.filter((one) => one.kind !== "advance");
  const requests = changes.reduce((sum, one) => sum + one.requests, 0);
  return {
    figures: [
      figure(
        "switch: call to swap",
        "ms",
        of("switch", (one) => one.swapMs),
        { most: 5 },
      ),
      figure(
        "abort: call to swap",
        "ms",
        of("abort", (one) => one.swapMs),
        { most: 5 },
      ),
      figure(
        "advance (the largest tables): call to swap",
        "ms",
        of("advance", (one) => one.swapMs),
        { most: 5 },
      ),
      figure(
        "switch and abort: call to answer",
        "ms",
        whole.map((one) => one.answeredMs),
      ),
      figure(
        "latest start of a request that went to the old pool, after the call",
        "ms",
        whole.map((one) => one.latestOldMs),
      ),
      lost(
        "requests that started after the swap and went to the old pool",
        "a switch",
        whole.map((one) => one.lateOld),
      ),
      lost(
        "failed requests",
        "a change",
        changes.map((one) => one.failed),
      ),
    ],
    notes: [
      `${whole.length} switches and ${changes.length - whole.length} advances, ${CLIENTS} keep-alive clients in another process, ${requests} requests`,
    ],
  };
}
