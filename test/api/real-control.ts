import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resumeClock, systemClock } from "../../src/controller/clock.ts";
import { Controller } from "../../src/controller/controller.ts";
import { NO_HOOKS } from "../../src/core/hook.ts";
import type { Store, Target } from "../../src/core/ports.ts";
import type { Report, Route, ServiceReport } from "../../src/core/route.ts";
import type { ServiceSettings } from "../../src/core/service.ts";
import { openAbortFiles } from "../../src/store/abort-files.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { noHooks } from "../support/no-hooks.ts";

const HOUR_MS = 60 * 60_000;
const HOLD = { atMostMs: HOUR_MS, then: "wait" } as const;

/** A service whose canary has two long steps, so that a test decides when it goes on. */
const WEB: ServiceSettings = {
  name: "web",
  routing: "live",
  key: { by: "random" },
  overrides: { header: null, cookie: null },
  tries: { maxFails: 0, failTimeoutMs: 10_000, keepalive: 0 },
  pools: { blue: { members: ["127.0.0.1:8001"] }, green: { members: ["127.0.0.1:8002"] } },
  stable: "blue",
  targets: ["local"],
  health: {
    path: "/",
    port: null,
    intervalMs: 20,
    timeoutMs: 20,
    passes: 1,
    fails: 1,
    status: { from: 200, to: 299 },
    body: null,
    host: null,
    deadlineMs: HOUR_MS,
  },
  metrics: {},
  canary: {
    steps: [
      { kind: "share", share: 500, forMs: HOUR_MS, needs: null, hold: null },
      { kind: "approval", share: 5_000, needs: null, hold: null, within: null },
    ],
    checks: [],
    hold: HOLD,
    bakeMs: HOUR_MS,
  },
  rolling: null,
  hooks: NO_HOOKS,
  freezes: [],
  blueGreen: { preview: null, checks: [], hold: HOLD, bakeMs: HOUR_MS },
};

/** Serves what is wanted at once. */
class ObedientTarget implements Target {
  readonly name = "local";
  #order = 0;
  #listener: (report: Report) => void = () => undefined;

  want(routes: readonly Route[]): void {
    setImmediate(() => this.#listener(this.#report(routes)));
  }

  onReport(listener: (report: Report) => void): void {
    this.#listener = listener;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener = () => undefined;
  }

  #report(routes: readonly Route[]): Report {
    this.#order += 1;
    const rest = { at: Date.now(), lingering: 0, blocked: null, waiting: null, inFlight: {} };
    const services = routes.map(({ service, version, by, shares }): [string, ServiceReport] => [
      service,
      { version, by, shares, refused: null },
    ]);
    return {
      ...rest,
      target: this.name,
      order: this.#order,
      generation: `${this.#order}-x`,
      services: Object.fromEntries(services),
    };
  }
}

/** The real controller on a real store; nginx, probes and the resolver are the ones that agree to everything. */
export async function realControl(): Promise<AsyncDisposable & { readonly control: Controller; readonly store: Store }> {
  const stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "sluice-api-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const store = stack.use(await openSqlite(folder));
  const lease = stack.use(await store.lease("test"));
  const machine = { boot: null, uptimeMs: () => performance.now(), wallMs: () => Date.now() };
  const state = resumeClock(null, machine);
  const silent = () => undefined;
  const control = stack.use(
    await Controller.open({
      hooks: noHooks,
      services: { web: WEB },
      store,
      aborts: openAbortFiles(folder),
      clock: systemClock(state, machine),
      clockState: () => state,
      targets: [stack.use(new ObedientTarget())],
      probe: async () => ({ healthy: true }),
      resolve: async (member) => [member],
      resolveEveryMs: HOUR_MS,
      metrics: {
        sample: async (metric) => ({ metric: metric.name, last: {}, slices: [], problem: null, lacking: null }),
        arms: () => null,
        measure: () => ({ value: null, samples: 0, from: null, to: null, problem: null, lacking: null }),
      },
      log: { debug: silent, info: silent, warn: silent, error: silent },
      epoch: lease.epoch,
    }),
  );
  return { control, store, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
