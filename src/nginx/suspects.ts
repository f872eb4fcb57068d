import type { ServiceName } from "../core/units.ts";

/** A service's change, as a reload would bring it; `key` is equal for changes that render alike. */
export type Change = { readonly service: ServiceName; readonly key: string; readonly urgent: boolean };

/** What to do next. `signal`: a set with only these of the changes; with none of them where the set is empty. */
export type Attempt =
  | { readonly is: "all" }
  | { readonly is: "signal"; readonly only: ReadonlySet<ServiceName> }
  | { readonly is: "convict"; readonly change: Change; readonly text: string };

/**
 * The changes among which is one that nginx drops after the signal, although its test passed, without saying whose it is.
 *
 * Each attempt is a real reload, which is safe: nginx goes on serving what it had. First the set before is signalled again: where
 * nginx drops that too, the fault is in no change. Then half of the suspects are tried, on top of all that nginx took: where they
 * are taken, it is one of the other half. That makes at most two signals and the binary logarithm of the changes for each culprit.
 */
export class Suspects {
  #bad: readonly Change[] = [];
  #text = "";
  /** Something was taken since these were dropped: so the fault is theirs. */
  #ours = false;
  /** Something was taken since the first drop. */
  #any = false;
  #stubbed = true;

  /** Whether new services that are left out get stubs; not where nginx dropped those, for their names clash like the services do. */
  get stubbed(): boolean {
    return this.#stubbed;
  }

  /** What is looked for, for people; null while nothing is. */
  get says(): string | null {
    const count = this.#bad.length;
    if (count === 0) return null;
    return count === 1 && !this.#ours
      ? `nginx dropped a change (${this.#text}); it is given what it had once more, to see whether the change is at fault`
      : `nginx dropped a change (${this.#text}); ${count} services are tried apart to find whose it is`;
  }

  /** Nginx dropped these. `known`: that they are at fault is remembered from before. */
  dropped(tried: readonly Change[], text: string, known = false): void {
    if (known) this.#ours = true;
    this.#bad = tried;
    this.#text = text;
  }

  /** Nginx took these. */
  taken(tried: readonly Change[]): void {
    if (this.#bad.length === 0) return;
    this.#bad = this.#bad.filter((one) => !isIn(one, tried));
    this.#ours = true;
    this.#any = true;
  }

  /** The set before was dropped; `differs` where that was with more than nginx serves. True where it is worth a try without stubs. */
  unstub(differs: boolean): boolean {
    const again = differs && this.#stubbed && this.#bad.length > 0;
    this.#stubbed = !again;
    return again;
  }

  /** All is found, or nothing can be. */
  close(): void {
    this.#bad = [];
    this.#ours = false;
    this.#any = false;
  }

  /** `changes` is all that differs from what nginx serves. A way back goes first, without the others. */
  next(changes: readonly Change[]): Attempt {
    // What was wanted of one of them is wanted no more: what the rest of them would do was never seen.
    if (!this.#bad.every((one) => isIn(one, changes))) this.#free();
    const [one, ...more] = this.#bad;
    if (one === undefined) return { is: "all" };
    if (more.length === 0 && this.#ours) {
      this.#free();
      return { is: "convict", change: one, text: this.#text };
    }
    const back = changes.filter((change) => change.urgent);
    const first = this.#bad.every((bad) => bad.urgent) ? back.filter((change) => !isIn(change, this.#bad)) : back;
    if (first.length > 0) return signal(first);
    if (!this.#ours && (more.length === 0 || !this.#any)) return signal([]);
    return signal(this.#bad.slice(0, Math.ceil(this.#bad.length / 2)));
  }

  #free(): void {
    this.#bad = [];
    this.#ours = false;
  }
}

function signal(changes: readonly Change[]): Attempt {
  return { is: "signal", only: new Set(changes.map((change) => change.service)) };
}

function isIn(one: Change, changes: readonly Change[]): boolean {
  return changes.some((change) => change.service === one.service && change.key === one.key);
}
