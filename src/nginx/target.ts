import type { Log, Next, Target } from "../core/ports.ts";
import type { Report, Route } from "../core/route.ts";
import type { Ms, ServiceName, TargetName } from "../core/units.ts";
import { shareOf } from "../core/want.ts";
import type { Bench, Outcome } from "./apply.ts";
import { readBuild } from "./command.ts";
import { byService, renderKey } from "./compose.ts";
import { servingOf, shareContent } from "./direction.ts";
import { troubleText } from "./disk-trouble.ts";
import { Generations } from "./files.ts";
import { InFlight } from "./in-flight.ts";
import { Ledger } from "./ledger.ts";
import { Lookout } from "./lookout.ts";
import { type Recovered, recover } from "./recover.ts";
import { Reloads } from "./reloads.ts";
import type { TargetSettings } from "./settings.ts";
import { StatusClient } from "./status.ts";
import { Tables } from "./table.ts";
import { TableLane } from "./table-lane.ts";
import type { Templates } from "./template.ts";
import { Wakeup } from "./wakeup.ts";

export type TargetDeps = {
  readonly templates: Templates;
  readonly log: Log;
  readonly monotonic: () => Ms;
  readonly wall: () => Ms;
  /** Called when a reload has ended, however it did. */
  readonly reloaded?: (outcome: Outcome) => void;
};

/** An answer of the status server that takes longer is none: the proof asks again. */
const STATUS_MS: Ms = 150;
/** How soon the tables are asked about again where nginx did not confirm them. */
const CONFIRM_AGAIN_MS: Ms = 100;
/** How many services are asked about at a time: a start has to ask about all of them. */
const CONFIRM_AT_ONCE = 16;

/** Takes over one nginx: puts right what a crash left, then brings it to whatever is wanted until it is disposed. */
export async function openTarget(settings: TargetSettings, deps: TargetDeps): Promise<Target> {
  const abort = new AbortController();
  const status = new StatusClient(settings.status, STATUS_MS);
  const files = new Generations(settings.include);
  const tables = new Tables(settings.tables);
  const build = await readBuild(settings.drive);
  const found = await recover(files, status, settings.tables).catch((error: unknown) => {
    throw new Error(troubleText(error, settings.include), { cause: error });
  });
  if (found.undone !== null)
    deps.log.warn("a configuration that was never proved was taken back", { target: settings.name, generation: found.undone });
  const bench = { settings, build, files, status, errorLog: null, monotonic: deps.monotonic, signal: abort.signal };
  return new NginxTarget(bench, deps, tables, found, abort);
}

class NginxTarget implements Target {
  readonly name: TargetName;
  readonly #deps: TargetDeps;
  readonly #abort: AbortController;
  readonly #tables: Tables;
  readonly #lane: TableLane;
  readonly #ledger: Ledger;
  readonly #reloads: Reloads;
  readonly #inFlight: InFlight;
  readonly #wakeup = new Wakeup();
  readonly #running: Promise<void>;
  readonly #troubles = new Map<ServiceName, string>();
  #wanted: ReadonlyMap<ServiceName, Route> | null = null;
  #confirming = false;

  constructor(bench: Bench, deps: TargetDeps, tables: Tables, found: Recovered, abort: AbortController) {
    this.name = bench.settings.name;
    this.#deps = deps;
    this.#abort = abort;
    this.#tables = tables;
    this.#lane = new TableLane(tables, bench.status);
    this.#ledger = new Ledger(this.name, deps.wall, deps.log);
    this.#reloads = new Reloads({
      bench,
      templates: deps.templates,
      log: deps.log,
      lookout: new Lookout(bench.settings, bench.build),
      ledger: this.#ledger,
      found,
      swapTables: () => this.#swapAll(),
      readBack: (route) => this.#lane.readBack(route),
      tell: () => this.#tell(),
      reloaded: (outcome) => deps.reloaded?.(outcome),
    });
    this.#inFlight = new InFlight({
      pidFile: bench.settings.drive.pid,
      monotonic: deps.monotonic,
      log: deps.log,
      serving: () => this.#reloads.standing.generations,
      changed: () => this.#tell(),
    });
    this.#running = this.#run();
  }

  want(routes: readonly Route[], next: readonly Next[] = []): void {
    this.#bringTo(routes);
    this.#prepare(next);
  }

  #bringTo(routes: readonly Route[]): void {
    const before = this.#wanted ?? new Map<ServiceName, Route>();
    // Told of every change of every service; most are of health, and change no route.
    if (this.#wanted !== null && routes.length === before.size && routes.every((route) => isKnown(before, route))) return;
    const kept = routes.map((route) => (isKnown(before, route) ? (before.get(route.service) ?? route) : route));
    this.#wanted = byService(kept);
    this.#inFlight.watch(kept);
    const changed = kept.filter((route) => before.get(route.service) !== route);
    for (const route of [...changed].sort((a, b) => Number(b.urgent) - Number(a.urgent))) this.#swap(route);
    if (changed.length > 0 || this.#wanted.size !== before.size) this.#reloads.noteChange(changed.some((route) => route.urgent));
    this.#confirm();
    this.#wakeup.call();
  }

  /** After the swaps, and in spare time: getting ready holds up nothing. */
  #prepare(next: readonly Next[]): void {
    const preparations = next.flatMap(({ service, want }) => {
      const route = this.#wanted?.get(service);
      const live = route?.shape.routing === "live" ? shareContent(want) : null;
      return live === null ? [] : [{ service, ...live }];
    });
    this.#tables.prepare(preparations);
  }

  onReport(listener: (report: Report) => void): void {
    this.#ledger.listen(listener);
    this.#tell();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    this.#wakeup.call();
    await this.#running;
    await this.#inFlight[Symbol.asyncDispose]();
    this.#tables[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      let forMs: Ms = 500;
      try {
        if (this.#wanted !== null) forMs = await this.#reloads.round([...this.#wanted.values()]);
        this.#confirm();
      } catch (error) {
        if (this.#abort.signal.aborted) break;
        forMs = this.#reloads.stumbled(error);
      }
      this.#tell();
      await this.#wakeup.sleep(forMs);
    }
  }

  #swapAll(): void {
    for (const route of this.#wanted?.values() ?? []) this.#swap(route);
  }

  /** A way forward waits until nginx was seen to see the tables; a way back does not. */
  #swap(route: Route): void {
    if (route.shape.routing !== "live") return;
    const back = route.urgent || route.other === null || shareOf(route.shares, route.other) === 0;
    if (!back && this.#reloads.standing.probe !== true) return;
    const serving = this.#reloads.standing.serving(route.service).map((rendered) => servingOf(rendered, route));
    try {
      this.#lane.swap(route, serving);
      this.#troubles.delete(route.service);
    } catch (error) {
      const text = `the tables of ${route.service} cannot be changed (${(error as Error).message}); its traffic stays where it is`;
      if (this.#troubles.get(route.service) !== text) this.#deps.log.error(text, { target: this.name });
      this.#troubles.set(route.service, text);
      this.#tables.distrust();
    }
  }

  /** Asks nginx about every table that it did not confirm yet, beside whatever the reload lane does. */
  #confirm(): void {
    if (this.#confirming) return;
    this.#confirming = true;
    void this.#confirmAll().finally(() => {
      this.#confirming = false;
    });
  }

  async #confirmAll(): Promise<void> {
    const open = () => [...(this.#wanted?.values() ?? [])].filter((route) => this.#needsConfirming(route));
    for (let left = open(); left.length > 0 && !this.#abort.signal.aborted; left = open()) {
      let agreed = 0;
      for (let at = 0; at < left.length && !this.#abort.signal.aborted; at += CONFIRM_AT_ONCE) {
        const some = left.slice(at, at + CONFIRM_AT_ONCE);
        const said = await Promise.all(some.map((route) => this.#lane.confirm(route.service)));
        agreed += said.filter((objection) => objection === null).length;
      }
      this.#tell();
      if (agreed === 0) {
        setTimeout(() => this.#abort.signal.aborted || this.#confirm(), CONFIRM_AGAIN_MS).unref();
        return;
      }
    }
  }

  #needsConfirming(route: Route): boolean {
    return route.shape.routing === "live" && this.#lane.isOpen(route);
  }

  #tell(): void {
    const wanted = [...(this.#wanted?.values() ?? [])];
    for (const route of wanted) if (this.#isServed(route)) this.#ledger.served(route);
    this.#inFlight.proved();
    this.#ledger.inFlight = this.#inFlight.counts;
    this.#ledger.tell(wanted, [...this.#troubles.values()][0] ?? null);
  }

  #isServed(route: Route): boolean {
    const rendered = this.#reloads.standing.rendered?.get(route.service);
    if (rendered === undefined) return false;
    const alike = renderKey(rendered) === renderKey(route);
    if (route.shape.routing === "weighted") return alike || (route.urgent && rendered.version === route.version);
    const direct = rendered.base === route.base && rendered.other === route.other;
    return this.#lane.isServed(route) && (alike || (route.urgent && direct && rendered.shape.routing === "live"));
  }
}

function isKnown(before: ReadonlyMap<ServiceName, Route>, route: Route): boolean {
  const old = before.get(route.service);
  return old !== undefined && old.version === route.version && old.epoch === route.epoch;
}
