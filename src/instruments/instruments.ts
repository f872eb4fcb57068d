import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { Gauge, Registry } from "prom-client";
import type { Control } from "../core/control.ts";
import { Refusal } from "../core/errors.ts";
import type { Log } from "../core/ports.ts";
import type { Ms, ServiceName } from "../core/units.ts";
import { eventCounter } from "./event-counter.ts";
import { processNumbers } from "./process-numbers.ts";
import { STATE_FAMILIES, StatePage } from "./state-page.ts";
import { TargetMeter } from "./target-meter.ts";
import { WorkMeter } from "./work-meter.ts";

export type InstrumentsDeps = {
  readonly version: string;
  /** Seconds since 1970. */
  readonly wallSeconds: () => number;
  readonly monotonic: () => Ms;
  /** Bytes that the store takes on disk. */
  readonly storeBytes: () => Promise<number>;
  readonly log: Log;
};

/** What is looked at of a controller; `names` are those of its services. */
export type Watched = Pick<Control, "service" | "readiness" | "latest" | "follow"> & { names(): readonly ServiceName[] };

/** A page in Prometheus' text format. */
export type Page = { readonly type: string; readonly text: string };

/** What a metric is called, and what it says. */
export type Description = {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
};

/** prom-client keeps these, and its types do not have them. */
type Described = { readonly name: string; readonly help: string; readonly labelNames: readonly string[] };

/** How long after a failure the journal is read on. */
const AGAIN_MS: Ms = 5_000;

/** Sluice's numbers about itself: counts while it works, and looks at the controller when it is asked. */
export class Instruments implements Disposable {
  readonly targets: TargetMeter;
  readonly work: WorkMeter;
  readonly #deps: InstrumentsDeps;
  readonly #registry = new Registry();
  /** Begins to watch now: the time that it counts is not that since the first answer. */
  readonly #ofProcess = processNumbers();
  readonly #countEvent: (kind: string) => void;
  readonly #ready: Gauge;
  readonly #epoch: Gauge;
  readonly #storeBytes: Gauge;
  readonly #configGood: Gauge;
  readonly #configAt: Gauge;
  readonly #stop = new AbortController();

  constructor(deps: InstrumentsDeps) {
    this.#deps = deps;
    const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [this.#registry] });
    new Gauge({
      name: "sluice_build_info",
      help: "1; the labels say which version runs on which Node.js.",
      labelNames: ["version", "node"],
      registers: [this.#registry],
    }).set({ version: deps.version, node: process.versions.node }, 1);
    this.#ready = gauge("sluice_ready", "1 once the state is loaded and every nginx has reported, while none is blocked.");
    this.#epoch = gauge(
      "sluice_lease_epoch",
      "Rises each time that a process takes the right to drive; the one that it drives with.",
    );
    this.#storeBytes = gauge("sluice_store_bytes", "Size of the database with its write-ahead log.");
    this.#configGood = gauge(
      "sluice_config_last_reload_successful",
      "1 where the newest attempt to take over sluice.yaml worked.",
    );
    this.#configAt = gauge(
      "sluice_config_last_reload_success_timestamp_seconds",
      "When sluice.yaml was last taken over, since 1970.",
    );
    this.targets = new TargetMeter(this.#registry, deps.monotonic);
    this.work = new WorkMeter(this.#registry);
    this.#countEvent = eventCounter(this.#registry);
    this.#configured(true);
  }

  /** Does a reload of the configuration, and tells how it ended. */
  counted<T>(reload: () => Promise<T>): () => Promise<T> {
    return async () => {
      try {
        const done = await reload();
        this.#configured(true);
        return done;
      } catch (error) {
        this.#configured(false);
        throw error;
      }
    };
  }

  #configured(good: boolean): void {
    this.#configGood.set(good ? 1 : 0);
    if (good) this.#configAt.set(this.#deps.wallSeconds());
  }

  /** The right to drive is held, and a controller drives: its events are counted from now on, until disposed. */
  drives(epoch: string, control: Watched): void {
    this.#epoch.set(Number(epoch));
    void this.#follow(control);
  }

  /** Every metric of its own, in the order of the page. */
  metrics(): readonly Description[] {
    const own = (this.#registry.getMetricsAsArray() as unknown as readonly Described[]).map((metric) => ({
      name: metric.name,
      type: metric.constructor.name.toLowerCase(),
      labels: metric.labelNames,
      help: metric.help,
    }));
    return [...own, ...STATE_FAMILIES.map((family) => ({ ...family, type: "gauge" }))];
  }

  async page(control: Watched): Promise<Page> {
    const state = await stateOf(control);
    this.#storeBytes.set(await this.#deps.storeBytes());
    this.#ready.set(control.readiness().ready ? 1 : 0);
    const own = await this.#registry.metrics();
    const ofProcess = await this.#ofProcess.metrics();
    return { type: this.#registry.contentType, text: `${own}\n${state}\n${ofProcess}` };
  }

  async #follow(control: Watched): Promise<void> {
    const { signal } = this.#stop;
    for (let last: number | null = null; !signal.aborted; ) {
      try {
        last ??= (await control.latest({ service: null }, 1)).newest;
        for await (const event of control.follow({ service: null }, last, signal)) {
          last = event.seq;
          this.#countEvent(event.kind);
        }
      } catch (error) {
        this.#deps.log.warn("events cannot be counted; trying again", { error: String(error) });
        // Rejects only where the signal aborts, which ends the loop.
        await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }
}

/** How many services are looked at before something else has its turn: an abort must not wait for a page. */
const AT_ONCE = 25;

async function stateOf(control: Watched): Promise<string> {
  const page = new StatePage();
  for (const [index, name] of control.names().entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await turn();
    const service = await control.service(name).catch(removed);
    if (service !== null) page.add(service);
  }
  return page.text();
}

/** A service may go while the page is made. */
function removed(error: unknown): null {
  if (error instanceof Refusal && error.code === "unknown-service") return null;
  throw error;
}
