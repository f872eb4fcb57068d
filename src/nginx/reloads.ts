import type { Log } from "../core/ports.ts";
import type { Route } from "../core/route.ts";
import { type Ms, never } from "../core/units.ts";
import { type Bench, type Outcome, proveServing } from "./apply.ts";
import { alike, byService, changesOf, compose, keysOf, narrow, type Parts } from "./compose.ts";
import { troubleText } from "./disk-trouble.ts";
import { Drift } from "./drift.ts";
import type { Ledger } from "./ledger.ts";
import type { Look, Lookout } from "./lookout.ts";
import { Patience, type Pause } from "./patience.ts";
import { Preflight } from "./preflight.ts";
import type { Recovered } from "./recover.ts";
import { type Replaced, replaceSet } from "./replace.ts";
import { type Sent, type Signalling, Signals } from "./signals.ts";
import { Standing } from "./standing.ts";
import { Suspects } from "./suspects.ts";
import type { Templates } from "./template.ts";

/** How often nginx is looked at while there is nothing to do. */
const IDLE_MS: Ms = 500;
/** How often an nginx that does not run is looked for. */
const DOWN_MS: Ms = 200;
/** How long an nginx that answers with the right generation may take to show the right workers. */
const RECOGNISE_MS: Ms = 2_000;

/** A status server that is only slow must not cost a reload. */
const ANSWER_TRIES = 3;

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
  /** Called when a reload has ended, however it did. */
  readonly reloaded: (outcome: Outcome) => void;
};

/** The lane of reloads: coalesced, paced, proved. One round at a time. */
export class Reloads {
  readonly #in: ReloadsInput;
  #bench: Bench;
  readonly #standing: Standing;
  readonly #suspects = new Suspects();
  /** False until this process has rendered once: templates and settings may differ from those on disk. */
  #checked = false;
  /** What was last put on disk for an nginx that does not run. */
  #placedFor: string | null = null;
  readonly #patience = new Patience();
  readonly #preflight = new Preflight();
  readonly #drift: Drift;
  readonly #signals: Signals;

  constructor(input: ReloadsInput) {
    this.#in = input;
    this.#bench = input.bench;
    this.#drift = new Drift(input.bench.files, input.bench.monotonic);
    this.#standing = new Standing(input.found);
    this.#signals = new Signals({
      ...input,
      standing: this.#standing,
      suspects: this.#suspects,
      patience: this.#patience,
      monotonic: input.bench.monotonic,
    });
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Something else is wanted; `urgent` where a way back is part of it, which no closing wait may hold up. */
  noteChange(urgent: boolean): void {
    this.#patience.changed(this.#bench.monotonic());
    if (urgent) this.#signals.hurry();
  }

  /** One look, and at most one reload. Returns when to look again at the latest. */
  async round(wanted: readonly Route[]): Promise<Ms> {
    const { lookout, ledger } = this.#in;
    const look = await lookout.look();
    if (look.is === "down") return this.#withoutNginx(wanted, look);
    ledger.lingering = lookout.lingering(look.children);
    if (look.changed) await this.#forget(look);
    this.#placedFor = null;
    const answers = (this.#standing.rendered !== null && look.master !== null) || (await this.#recognise());
    if (!answers && look.master === null && ledger.generation !== "") {
      ledger.waiting = `nothing answers at ${this.#bench.settings.status}, where the status server of nginx was; it waits for nginx`;
      return DOWN_MS;
    }
    return this.#bring(wanted, look);
  }

  /** Something threw: it keeps everything from being applied until it is put right. Returns when to try again. */
  stumbled(error: unknown): Ms {
    const text = troubleText(error, this.#bench.settings.include);
    if (this.#in.ledger.blocked !== text)
      this.#in.log.error("applying failed", { target: this.#bench.settings.name, error: text });
    this.#in.ledger.blocked = text;
    this.#in.ledger.waiting = null;
    return 1_000;
  }

  async #forget(look: Running): Promise<void> {
    this.#standing.forget();
    this.#suspects.close();
    this.#patience.forgive();
    this.#bench = { ...this.#bench, errorLog: await this.#in.lookout.errorLog(look.master) };
  }

  /** Where nginx answers with what lies on disk, proves that all of it does. False where nothing answers at all. */
  async #recognise(): Promise<boolean> {
    let answer = await this.#bench.status.generation();
    for (let tries = 1; tries < ANSWER_TRIES && answer === null; tries += 1) answer = await this.#bench.status.generation();
    const { disk } = this.#standing;
    if (answer === null || answer.generation !== disk?.generation) {
      this.#standing.forget();
      return answer !== null;
    }
    if (this.#standing.rendered !== null) return true;
    const proof = await proveServing(this.#bench, answer.generation, RECOGNISE_MS);
    if (proof.is === "proved") await this.#signals.proved(this.#bench, disk, byService(disk.routes), proof);
    return true;
  }

  async #withoutNginx(wanted: readonly Route[], look: Look & { readonly is: "down" }): Promise<Ms> {
    const { ledger } = this.#in;
    const now = this.#bench.monotonic();
    this.#standing.forget();
    this.#standing.probe = null;
    ledger.lost();
    ledger.lingering = 0;
    ledger.blocked = look.stale ? look.why : null;
    ledger.waiting = look.stale ? null : look.why;
    const parts = compose(wanted, ledger.held, this.#standing.disk, now, this.#suspects.stubbed);
    if (keysOf(parts) === this.#placedFor) return DOWN_MS;
    this.#patience.gathered(now);
    const replaced = await this.#replaceSet(wanted, parts, null);
    if (replaced.is === "stale") return 0;
    this.#placedFor = keysOf(parts);
    if (replaced.is === "hopeless") ledger.blocked = replaced.text;
    if (replaced.is === "placed") {
      await this.#bench.files.mark(null);
      this.#standing.place(replaced.manifest);
      ledger.took(wanted, byService(replaced.manifest.routes));
    }
    this.#in.swapTables();
    return DOWN_MS;
  }

  async #bring(wanted: readonly Route[], look: Running): Promise<Ms> {
    const { ledger } = this.#in;
    const { disk, rendered } = this.#standing;
    const all = compose(wanted, ledger.held, disk, this.#bench.monotonic(), this.#suspects.stubbed);
    if (rendered !== null && this.#checked && alike(all, rendered)) return this.#rest();
    const attempt = this.#suspects.next(changesOf(all, disk));
    if (attempt.is === "convict") return this.#concluded(all, this.#signals.convict(wanted, attempt.change, attempt.text));
    const pause = this.#pause(all, look);
    if (pause !== null) {
      ledger.waiting = this.#suspects.says ?? pause.why ?? ledger.waiting;
      return Math.min(pause.forMs ?? IDLE_MS, IDLE_MS);
    }
    this.#patience.gathered(this.#bench.monotonic());
    ledger.waiting = this.#suspects.says ?? "nginx is being brought to the new configuration";
    this.#in.tell();
    const fatal = await this.#preflight.objection(this.#bench.settings.drive, this.#bench.build.prefix);
    if (fatal !== null) return this.#failed(all, fatal);
    const parts = attempt.is === "all" ? all : narrow(all, attempt.only, disk, this.#suspects.stubbed);
    const replaced = await this.#replaceSet(wanted, parts, look);
    if (replaced.is === "stale") return 0;
    if (replaced.is === "hopeless") return this.#failed(all, replaced.text);
    if (replaced.is === "placed") return this.#reload({ wanted, all, to: replaced.manifest, from: disk });
    ledger.took(wanted, byService(replaced.parts.routes));
    if (disk === null) return IDLE_MS;
    if (rendered === null) return this.#reload({ wanted, all, to: disk, from: null });
    if (attempt.is === "signal" && attempt.only.size === 0) return this.#reload({ wanted, all, to: disk, from: disk });
    this.#suspects.taken(changesOf(parts, disk));
    this.#standing.match(replaced.parts.routes);
    this.#in.swapTables();
    return attempt.is === "all" ? this.#rest() : 0;
  }

  async #rest(): Promise<Ms> {
    const { ledger, log } = this.#in;
    const { disk, probe } = this.#standing;
    this.#suspects.close();
    const drift = disk === null ? null : await this.#drift.look(disk.generation);
    if (drift !== null && drift !== ledger.waiting) log.warn(drift, { target: this.#bench.settings.name });
    ledger.waiting = drift;
    ledger.blocked = probe === false ? ledger.blocked : null;
    this.#patience.forgive();
    return IDLE_MS;
  }

  /** What this reload has to wait for, or null. */
  #pause(parts: Parts, look: Running): Pause | null {
    return this.#patience.pause({
      now: this.#bench.monotonic(),
      urgent: this.#standing.isUrgent(parts),
      keys: keysOf(parts),
      lingering: this.#in.ledger.lingering,
      processes: look.children?.all ?? 0,
      workers: look.children?.serving.length ?? 0,
    });
  }

  async #replaceSet(wanted: readonly Route[], parts: Parts, look: Running | null): Promise<Replaced> {
    const replaced = await replaceSet({
      bench: this.#bench,
      templates: this.#in.templates,
      parts,
      disk: this.#standing.disk,
      master: look?.master ?? null,
      stale: () => this.#patience.isOvertaken(this.#bench.monotonic()),
      above: this.#standing.above,
    });
    this.#checked = true;
    if (replaced.is === "same" || replaced.is === "placed")
      this.#in.ledger.refuse(wanted, replaced.refused, this.#bench.monotonic());
    return replaced;
  }

  async #reload(signalling: Signalling): Promise<Ms> {
    return this.#concluded(signalling.all, await this.#signals.send(this.#bench, signalling));
  }

  async #concluded(all: Parts, sent: Sent): Promise<Ms> {
    switch (sent.is) {
      case "settled":
        return this.#rest();
      case "more":
        return 0;
      case "failed":
        return this.#failed(all, sent.text);
      default:
        return never(sent);
    }
  }

  #failed(parts: Parts, text: string): Ms {
    this.#suspects.close();
    this.#patience.failed(this.#bench.monotonic(), keysOf(parts));
    this.#in.log.error("nginx does not take the configuration", { target: this.#bench.settings.name, error: text });
    this.#in.ledger.blocked = text;
    return IDLE_MS;
  }
}
