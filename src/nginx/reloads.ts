import type { Log } from "../core/ports.ts";
import type { Route } from "../core/route.ts";
import type { Ms, ServiceName } from "../core/units.ts";
import { type Bench, type Outcome, type Proved, proveServing, reload } from "./apply.ts";
import { alike, byService, compose, keysOf, type Parts, renderKey, sameKey } from "./compose.ts";
import { Drift } from "./drift.ts";
import type { Manifest } from "./files.ts";
import type { Ledger } from "./ledger.ts";
import type { Look, Lookout } from "./lookout.ts";
import { Patience, type Pause } from "./patience.ts";
import { Preflight } from "./preflight.ts";
import { probeProblem } from "./reach.ts";
import type { Recovered } from "./recover.ts";
import { type Replaced, replaceSet } from "./replace.ts";
import type { Templates } from "./template.ts";

/** How often nginx is looked at while there is nothing to do. */
const IDLE_MS: Ms = 500;
/** How often an nginx that does not run is looked for. */
const DOWN_MS: Ms = 200;
/** How long an nginx that answers with the right generation may take to show the right workers. */
const RECOGNISE_MS: Ms = 2_000;

/** A status server that is only slow must not cost a reload. */
const ANSWER_TRIES = 3;

type Undone = Outcome & { readonly is: "undone" };
type Running = Look & { readonly is: "running" };

export type ReloadsInput = {
  readonly bench: Bench;
  readonly templates: Templates;
  readonly log: Log;
  readonly lookout: Lookout;
  readonly ledger: Ledger;
  readonly found: Recovered;
  /** Brings all live tables to what `serving` allows now. */
  readonly swapTables: () => void;
  /** Throws where a table on disk is not what it was set to. */
  readonly readBack: (route: Route) => void;
  readonly tell: () => void;
};

/** The lane of reloads: coalesced, paced, proved. One round at a time. */
export class Reloads {
  /** Whether workers see the tables; null until nginx said. */
  probe: boolean | null = null;
  readonly #in: ReloadsInput;
  #bench: Bench;
  #disk: Manifest | null;
  #may: readonly Manifest[];
  #rendered: ReadonlyMap<ServiceName, Route> | null = null;
  /** False until this process has rendered once: templates and settings may differ from those on disk. */
  #checked = false;
  /** What was last put on disk for an nginx that does not run. */
  #placedFor: string | null = null;
  readonly #patience = new Patience();
  readonly #preflight = new Preflight();
  readonly #drift: Drift;
  /** Ends the closing wait of the reload under way. */
  #hurry = new AbortController();

  constructor(input: ReloadsInput) {
    this.#in = input;
    this.#bench = input.bench;
    this.#drift = new Drift(input.bench.files, input.bench.monotonic);
    this.#disk = input.found.disk;
    this.#may = input.found.may;
  }

  /** The routes that nginx is proved to serve; null while that is not known. */
  get rendered(): ReadonlyMap<ServiceName, Route> | null {
    return this.#rendered;
  }

  /** A service's routes in every generation that nginx may be serving. */
  serving(service: ServiceName): readonly Route[] {
    return this.#may
      .flatMap((manifest) => byService(manifest.routes).get(service) ?? [])
      .filter((route) => route.shape.routing === "live");
  }

  /** Something else is wanted; `urgent` where a way back is part of it, which no closing wait may hold up. */
  noteChange(urgent: boolean): void {
    this.#patience.changed(this.#bench.monotonic());
    if (urgent) this.#hurry.abort();
  }

  /** One look, and at most one reload. Returns when to look again at the latest. */
  async round(wanted: readonly Route[]): Promise<Ms> {
    const { lookout, ledger } = this.#in;
    const look = await lookout.look();
    if (look.is === "down") return this.#withoutNginx(wanted, look);
    ledger.lingering = lookout.lingering(look.children);
    if (look.changed) await this.#forget(look);
    this.#placedFor = null;
    const answers = (this.#rendered !== null && look.master !== null) || (await this.#recognise());
    if (!answers && look.master === null && ledger.generation !== "") {
      ledger.waiting = `nothing answers at ${this.#bench.settings.status}, where the status server of nginx was; it waits for nginx`;
      return DOWN_MS;
    }
    return this.#bring(wanted, look);
  }

  /** Something threw: it keeps everything from being applied until it is put right. Returns when to try again. */
  stumbled(error: unknown): Ms {
    const text = error instanceof Error ? error.message : String(error);
    if (this.#in.ledger.blocked !== text)
      this.#in.log.error("applying failed", { target: this.#bench.settings.name, error: text });
    this.#in.ledger.blocked = text;
    this.#in.ledger.waiting = null;
    return 1_000;
  }

  async #forget(look: Running): Promise<void> {
    this.#rendered = null;
    this.#patience.forgive();
    this.#bench = { ...this.#bench, errorLog: await this.#in.lookout.errorLog(look.master) };
  }

  /** Where nginx answers with what lies on disk, proves that all of it does. False where nothing answers at all. */
  async #recognise(): Promise<boolean> {
    let answer = await this.#bench.status.generation();
    for (let tries = 1; tries < ANSWER_TRIES && answer === null; tries += 1) answer = await this.#bench.status.generation();
    if (answer === null || answer.generation !== this.#disk?.generation) this.#rendered = null;
    if (this.#rendered !== null || answer === null || answer.generation !== this.#disk?.generation) return answer !== null;
    const proof = await proveServing(this.#bench, answer.generation, RECOGNISE_MS);
    if (proof.is === "proved") await this.#proved(this.#disk, byService(this.#disk.routes), proof);
    return true;
  }

  async #withoutNginx(wanted: readonly Route[], look: Look & { readonly is: "down" }): Promise<Ms> {
    const { ledger } = this.#in;
    this.#rendered = null;
    this.probe = null;
    ledger.lost();
    ledger.lingering = 0;
    ledger.blocked = look.stale ? look.why : null;
    ledger.waiting = look.stale ? null : look.why;
    const parts = compose(wanted, ledger.held, this.#disk, this.#bench.monotonic());
    if (keysOf(parts) === this.#placedFor) return DOWN_MS;
    this.#patience.gathered(this.#bench.monotonic());
    const replaced = await this.#replaceSet(wanted, parts, null);
    if (replaced.is === "stale") return 0;
    this.#placedFor = keysOf(parts);
    if (replaced.is === "hopeless") ledger.blocked = replaced.text;
    if (replaced.is === "placed") {
      await this.#bench.files.mark(null);
      this.#disk = replaced.manifest;
      this.#may = [replaced.manifest];
    }
    this.#in.swapTables();
    return DOWN_MS;
  }

  async #bring(wanted: readonly Route[], look: Running): Promise<Ms> {
    const { ledger } = this.#in;
    const now = this.#bench.monotonic();
    const parts = compose(wanted, ledger.held, this.#disk, now);
    if (this.#rendered !== null && this.#checked && alike(parts, this.#rendered)) return this.#rest();
    const pause = this.#pause(parts, look);
    if (pause !== null) {
      ledger.waiting = pause.why ?? ledger.waiting;
      return Math.min(pause.forMs ?? IDLE_MS, IDLE_MS);
    }
    this.#patience.gathered(this.#bench.monotonic());
    ledger.waiting = "nginx is being brought to the new configuration";
    this.#in.tell();
    const fatal = await this.#preflight.objection(this.#bench.settings.drive, this.#bench.build.prefix);
    if (fatal !== null) return this.#failed(parts, fatal);
    const replaced = await this.#replaceSet(wanted, parts, look);
    if (replaced.is === "stale") return 0;
    if (replaced.is === "hopeless") return this.#failed(parts, replaced.text);
    if (replaced.is === "placed") return this.#reload(wanted, parts, replaced.manifest, this.#disk);
    if (this.#disk === null) return IDLE_MS;
    if (this.#rendered === null) return this.#reload(wanted, parts, this.#disk, null);
    this.#rendered = byService(replaced.parts.routes);
    this.#in.swapTables();
    return this.#rest();
  }

  async #rest(): Promise<Ms> {
    const { ledger, log } = this.#in;
    const drift = this.#disk === null ? null : await this.#drift.look(this.#disk.generation);
    if (drift !== null && drift !== ledger.waiting) log.warn(drift, { target: this.#bench.settings.name });
    ledger.waiting = drift;
    ledger.blocked = this.probe === false ? ledger.blocked : null;
    this.#patience.forgive();
    return IDLE_MS;
  }

  /** What this reload has to wait for, or null. */
  #pause(parts: Parts, look: Running): Pause | null {
    return this.#patience.pause({
      now: this.#bench.monotonic(),
      urgent: this.#isUrgent(parts),
      keys: keysOf(parts),
      lingering: this.#in.ledger.lingering,
      processes: look.children?.all ?? 0,
      workers: look.children?.serving.length ?? 0,
    });
  }

  #isUrgent(parts: Parts): boolean {
    return parts.routes.some((route) => route.urgent && this.#differs(route));
  }

  #differs(route: Route): boolean {
    const rendered = this.#rendered?.get(route.service);
    return rendered === undefined || renderKey(rendered) !== renderKey(route);
  }

  async #replaceSet(wanted: readonly Route[], parts: Parts, look: Running | null): Promise<Replaced> {
    const replaced = await replaceSet({
      bench: this.#bench,
      templates: this.#in.templates,
      parts,
      disk: this.#disk,
      master: look?.master ?? null,
      stale: () => this.#patience.isOvertaken(this.#bench.monotonic()),
      above: Math.max(this.#in.found.above, ...this.#may.map((one) => Number.parseInt(one.generation, 10))),
    });
    this.#checked = true;
    if (replaced.is === "same" || replaced.is === "placed")
      this.#in.ledger.refuse(wanted, parts.routes, replaced.refused, this.#bench.monotonic());
    return replaced;
  }

  async #reload(wanted: readonly Route[], parts: Parts, to: Manifest, from: Manifest | null): Promise<Ms> {
    const before = this.#may;
    this.#may = [...new Set([...before, to])];
    this.#in.swapTables();
    try {
      for (const route of to.routes)
        if (route.shape.routing === "live") this.#in.readBack(wanted.find((one) => one.service === route.service) ?? route);
    } catch (error) {
      if (from !== null) await this.#bench.files.restore({ from: from.generation, to: to.generation });
      this.#may = before;
      throw error;
    }
    this.#hurry = new AbortController();
    const signalled = () => this.#patience.signalled(this.#bench.monotonic());
    const outcome = await reload(this.#bench, {
      to,
      from: from?.generation ?? null,
      urgent: this.#isUrgent(parts),
      hurry: this.#hurry.signal,
      signalled,
    });
    if (outcome.is === "undone" && from !== null) return this.#undone(wanted, parts, from, outcome);
    if (outcome.is !== "proved") {
      this.#rendered = null;
      return this.#failed(parts, outcome.text);
    }
    this.#patience.took(outcome.tookMs);
    await this.#proved(to, from === null ? byService(to.routes) : this.#renderedOf(to, parts), outcome.proof);
    await this.#bench.files.prune();
    return this.#rest();
  }

  /** nginx serves the set before again: the service whose file it complained of waits, or everything does. */
  async #undone(wanted: readonly Route[], parts: Parts, from: Manifest, outcome: Undone): Promise<Ms> {
    await this.#proved(from, byService(from.routes), outcome.proof);
    const culprit = wanted.find((route) => outcome.file?.startsWith(`${route.service}.`));
    if (culprit === undefined) return this.#failed(parts, outcome.text);
    this.#in.ledger.refuse([culprit], [], new Map([[culprit.service, outcome.text]]), this.#bench.monotonic());
    return 0;
  }

  /** Routes that were wanted when the set was made and render as it holds them, so that newer equal ones count as served. */
  #renderedOf(to: Manifest, parts: Parts): ReadonlyMap<ServiceName, Route> {
    const wanted = byService(parts.routes);
    return new Map(to.routes.map((route) => [route.service, sameKey(wanted.get(route.service), route) ?? route]));
  }

  async #proved(manifest: Manifest, rendered: ReadonlyMap<ServiceName, Route>, proof: Proved): Promise<void> {
    const { ledger, lookout, tell, swapTables } = this.#in;
    this.#disk = manifest;
    this.#may = [manifest];
    this.#rendered = rendered;
    this.probe = proof.answer.probe;
    ledger.generation = manifest.generation;
    ledger.lingering = lookout.lingering(proof.children);
    const look = await lookout.look();
    if (look.is === "running") lookout.note(manifest.generation, look.master, proof.children);
    ledger.blocked = this.probe ? null : await probeProblem(this.#bench.settings.tables);
    swapTables();
    tell();
  }

  #failed(parts: Parts, text: string): Ms {
    this.#patience.failed(this.#bench.monotonic(), keysOf(parts));
    this.#in.log.error("nginx does not take the configuration", { target: this.#bench.settings.name, error: text });
    this.#in.ledger.blocked = text;
    return IDLE_MS;
  }
}
