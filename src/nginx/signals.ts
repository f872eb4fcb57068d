import type { Log } from "../core/ports.ts";
import type { Route } from "../core/route.ts";
import type { Ms, ServiceName } from "../core/units.ts";
import { type Bench, type Outcome, type Proved, reload } from "./apply.ts";
import { alike, byService, changesOf, type Parts, renderKey, sameKey } from "./compose.ts";
import type { Manifest } from "./files.ts";
import type { Ledger } from "./ledger.ts";
import type { Lookout } from "./lookout.ts";
import type { Patience } from "./patience.ts";
import { probeProblem } from "./reach.ts";
import type { Standing } from "./standing.ts";
import type { Change, Suspects } from "./suspects.ts";

/** A set that is in place, out of `all` that could be signalled now, and the one to go back to. */
export type Signalling = {
  readonly wanted: readonly Route[];
  readonly all: Parts;
  readonly to: Manifest;
  readonly from: Manifest | null;
};

/** `settled`: nginx serves all that it can be given. `more`: there is more to do. `failed`: for a reason outside the changes. */
export type Sent = { readonly is: "settled" } | { readonly is: "more" } | { readonly is: "failed"; readonly text: string };

export type SignalsInput = {
  readonly log: Log;
  readonly lookout: Lookout;
  readonly ledger: Ledger;
  readonly standing: Standing;
  readonly suspects: Suspects;
  readonly patience: Patience;
  /** Brings all live tables to what may be served now. */
  readonly swapTables: () => void;
  /** Throws where a table on disk is not what it was set to. */
  readonly readBack: (route: Route) => void;
  readonly tell: () => void;
  readonly reloaded: (outcome: Outcome) => void;
  readonly monotonic: () => Ms;
};

type Undone = Outcome & { readonly is: "undone" };

/** Signals what is in place, and draws the conclusions: what nginx serves now, or whose change it does not take. */
export class Signals {
  readonly #in: SignalsInput;
  /** Ends the closing wait of the reload under way. */
  #hurry = new AbortController();

  constructor(input: SignalsInput) {
    this.#in = input;
  }

  /** Ends the closing wait of the reload under way: something urgent is wanted. */
  hurry(): void {
    this.#hurry.abort();
  }

  /** Rejects where the tables are not what they should be; then nothing was signalled, and what was before is in place. */
  async send(bench: Bench, input: Signalling): Promise<Sent> {
    const { wanted, all, to, from } = input;
    const { standing, suspects, patience, ledger } = this.#in;
    const takeBack = standing.offer(to);
    this.#in.swapTables();
    try {
      for (const route of to.routes)
        if (route.shape.routing === "live") this.#in.readBack(wanted.find((one) => one.service === route.service) ?? route);
    } catch (error) {
      if (from !== null) await bench.files.restore({ from: from.generation, to: to.generation });
      takeBack();
      throw error;
    }
    this.#hurry = new AbortController();
    const signalled = () => patience.signalled(bench.monotonic());
    const urgent = standing.isUrgent(all);
    const common = { to, from: from?.generation ?? null, urgent, hurry: this.#hurry.signal, signalled };
    const outcome = await reload(bench, common);
    this.#in.reloaded(outcome);
    if (outcome.is === "undone" && from !== null) return this.#undone(bench, { ...input, from }, outcome);
    if (outcome.is !== "proved") {
      standing.forget();
      return { is: "failed", text: outcome.text };
    }
    patience.took(outcome.tookMs);
    suspects.taken(changesOf(to, from));
    await this.proved(bench, to, from === null ? byService(to.routes) : renderedOf(to, all), outcome.proof);
    ledger.took(wanted, byService(to.routes));
    await bench.files.prune();
    return { is: alike(all, byService(to.routes)) ? "settled" : "more" };
  }

  /** Nginx serves the set before again: the service whose file it complained of waits, or the one at fault is looked for. */
  async #undone(bench: Bench, input: Signalling & { readonly from: Manifest }, outcome: Undone): Promise<Sent> {
    const { wanted, to, from } = input;
    const { ledger, suspects, log } = this.#in;
    const { text, file } = outcome;
    await this.proved(bench, from, byService(from.routes), outcome.proof, ledger.blocked);
    const tried = changesOf(to, from);
    if (outcome.dropped && tried.length === 0 && suspects.unstub(to.hash !== from.hash)) return { is: "more" };
    if (tried.length === 0 || !outcome.dropped) return { is: "failed", text };
    const named = tried.find((change) => file?.startsWith(`${change.service}.`));
    // Its members may come and go meanwhile: nginx's words tell more than what is wanted of it now.
    const again = tried.filter((change) => ledger.held.get(change.service)?.text === text);
    const known = named ?? (again.length === 1 ? again[0] : undefined);
    if (known !== undefined) return this.convict(wanted, known, text);
    suspects.dropped(again.length > 0 ? again : tried, text, again.length > 0);
    log.warn("nginx drops a change after the signal", { target: bench.settings.name, error: text });
    return { is: "more" };
  }

  /** A service's change waits, and what was good of it stays. */
  convict(wanted: readonly Route[], { service, key }: Change, text: string): Sent {
    const { ledger, monotonic } = this.#in;
    const route = wanted.find((one) => one.service === service);
    // Where not even the last good part of a way back is taken, there is nothing left to try but the same again later.
    if (route !== undefined && renderKey(route) !== key) return { is: "failed", text };
    if (route !== undefined) ledger.refuse([route], new Map([[service, text]]), monotonic());
    return { is: "more" };
  }

  /** Nginx was seen to serve a set with all of its workers; `blocked` is what still keeps more from being applied. */
  async proved(
    bench: Bench,
    manifest: Manifest,
    rendered: ReadonlyMap<ServiceName, Route>,
    proof: Proved,
    blocked: string | null = null,
  ): Promise<void> {
    const { ledger, lookout, standing, tell, swapTables } = this.#in;
    standing.prove(manifest, rendered, proof.answer.probe);
    ledger.generation = manifest.generation;
    ledger.lingering = lookout.lingering(proof.children);
    const look = await lookout.look();
    if (look.is === "running") lookout.note(manifest.generation, look.master, proof.children);
    ledger.blocked = proof.answer.probe ? blocked : await probeProblem(bench.settings.tables);
    swapTables();
    tell();
  }
}

/** Routes that were wanted when the set was made and render as it holds them, so that newer equal ones count as served. */
function renderedOf(to: Manifest, parts: Parts): ReadonlyMap<ServiceName, Route> {
  const wanted = byService(parts.routes);
  return new Map(to.routes.map((route) => [route.service, sameKey(wanted.get(route.service), route) ?? route]));
}
