import { createHash, timingSafeEqual } from "node:crypto";
import type { Recorder } from "../controller/journal.ts";
import type { Actor } from "../core/control.ts";
import { Refusal, StoreError } from "../core/errors.ts";
import type { Log, Store } from "../core/ports.ts";
import type { Fact } from "../core/rollout.ts";
import type { CreatedToken, NewToken, TokenView } from "../core/token.ts";
import type { Ms } from "../core/units.ts";
import type { Verified } from "./principal.ts";
import { readToken, type SavedToken } from "./saved-token.ts";
import { isToken, newToken } from "./tokens.ts";

/** Where the tokens are that people made, by their hashes. */
export interface TokenBook extends AsyncDisposable {
  /** Whose token it is; says so where its time is over. The comparison takes the same time wherever two differ. */
  verify(candidate: string): Verified;
  /** By name, also those whose time is over. */
  list(): readonly TokenView[];
  /** Rejects with a `Refusal` where the name is taken or is kept for Sluice itself, or a service is unknown. */
  create(input: NewToken, actor: Actor): Promise<CreatedToken>;
  /** Rejects with a `Refusal` where there is no such token. From then on it opens nothing. */
  revoke(name: string, actor: Actor): Promise<TokenView>;
}

export type BookOptions = {
  readonly store: Store;
  /** Writes together with a line of the journal that says who did it. False where something else is stored than was compared. */
  readonly record: Recorder;
  readonly now: () => Ms;
  readonly log: Log;
  /** The names of all services: a token for one that was mistyped would open nothing. */
  readonly services: () => Promise<readonly string[]>;
};

const TOKENS = "tokens/";
const USES = "token-uses/";
/** How exactly the time of the last use is kept: a write for each request would cost more than the request. */
const USES_EVERY_MS: Ms = 60_000;
/** Actors that are no tokens: their names in the journal must mean them. */
const RESERVED = new Set(["admin", "cli", "local", "sluice"]);

type Known = { readonly saved: SavedToken; readonly hash: Buffer; usedAt: Ms | null; usedSaved: boolean };

/** Reads all tokens of a store. One process drives a state, so nobody else changes them. */
export async function openTokens(options: BookOptions): Promise<TokenBook> {
  const { store } = options;
  const uses = new Map((await store.list(USES)).map(({ key, value }) => [key.slice(USES.length), Number(value)]));
  const tokens = (await store.list(TOKENS)).map(({ key, value }): [string, Known] => {
    const name = key.slice(TOKENS.length);
    const saved = readToken(name, value);
    return [name, { saved, hash: Buffer.from(saved.hash, "hex"), usedAt: uses.get(name) ?? null, usedSaved: true }];
  });
  return new StoredTokens(options, new Map(tokens));
}

class StoredTokens implements TokenBook {
  readonly #store: Store;
  readonly #record: BookOptions["record"];
  readonly #now: () => Ms;
  readonly #log: Log;
  readonly #services: BookOptions["services"];
  readonly #known: Map<string, Known>;
  readonly #timer: NodeJS.Timeout;

  constructor({ store, record, now, log, services }: BookOptions, known: Map<string, Known>) {
    this.#store = store;
    this.#record = record;
    this.#now = now;
    this.#log = log;
    this.#services = services;
    this.#known = known;
    this.#timer = setInterval(() => void this.#saveUses(), USES_EVERY_MS).unref();
  }

  verify(candidate: string): Verified {
    if (!isToken(candidate)) return null;
    const hash = createHash("sha256").update(candidate).digest();
    let found: Known | null = null;
    // All of them, so that the time tells nothing of how far it got.
    for (const known of this.#known.values()) if (timingSafeEqual(known.hash, hash)) found = known;
    if (found === null) return null;
    const { name, scope, services, expiresAt } = found.saved;
    if (expiresAt !== null && this.#now() >= expiresAt) return { expired: name, at: new Date(expiresAt).toISOString() };
    found.usedAt = this.#now();
    found.usedSaved = false;
    return { name, scopes: [scope], services };
  }

  list(): readonly TokenView[] {
    return [...this.#known.values()].map(viewOf).sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  async create(input: NewToken, actor: Actor): Promise<CreatedToken> {
    const { name, scope, services, expiresInMs } = input;
    if (RESERVED.has(name)) throw new Refusal("token-exists", `${name} is a name of Sluice's own`, "choose another name");
    const existing = await this.#services();
    const missing = services?.find((service) => !existing.includes(service));
    if (missing !== undefined)
      throw new Refusal("unknown-service", `there is no service ${missing}`, `services: ${existing.join(", ")}`);
    const token = newToken();
    const createdAt = this.#now();
    const hash = createHash("sha256").update(token).digest();
    const expiresAt = expiresInMs === null ? null : createdAt + expiresInMs;
    const saved = { name, hash: hash.toString("hex"), scope, services, createdAt, createdBy: actor.name, expiresAt };
    const free = [{ key: TOKENS + name, revision: 0 }];
    if (!(await this.#record(free, [{ put: TOKENS + name, value: saved }], madeFact(saved))))
      throw new Refusal("token-exists", `there is a token ${name} already`, `revoke it first: sluice token revoke ${name}`);
    const known = { saved, hash, usedAt: null, usedSaved: true };
    this.#known.set(name, known);
    this.#log.info("a token was created", { name, scope, services, expiresAt: viewOf(known).expiresAt, actor: actor.name });
    return { token, about: viewOf(known) };
  }

  async revoke(name: string, actor: Actor): Promise<TokenView> {
    const known = this.#known.get(name);
    if (known === undefined) {
      const names = [...this.#known.keys()].sort().join(", ");
      throw new Refusal("unknown-token", `there is no token ${name}`, names === "" ? "there are none" : `tokens: ${names}`);
    }
    // First of all it opens nothing any more; where the store cannot be written, whoever revokes is told, and it does again.
    this.#known.delete(name);
    try {
      const recorded = await this.#record([], [{ delete: TOKENS + name }, { delete: USES + name }], takenBackFact(name, actor));
      if (!recorded) throw new StoreError("unavailable", `${name} could not be taken back: another process writes to this state`);
    } catch (error) {
      this.#known.set(name, known);
      throw error;
    }
    this.#log.info("a token was revoked", { name, actor: actor.name });
    return viewOf(known);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#saveUses();
  }

  async #saveUses(): Promise<void> {
    try {
      for (const [name, known] of this.#known) {
        if (known.usedSaved || known.usedAt === null) continue;
        known.usedSaved = true;
        const key = TOKENS + name;
        const revision = (await this.#store.get(key))?.revision;
        if (revision !== undefined) await this.#store.txn([{ key, revision }], [{ put: USES + name, value: known.usedAt }]);
      }
    } catch (error) {
      // Only the time of the last use is less exact.
      this.#log.warn("when tokens were used last cannot be saved", { error: String(error) });
    }
  }
}

/** Who gave whom which rights, for the journal; of the token itself nothing, not even its hash. */
function madeFact({ name, scope, services, createdBy, expiresAt }: SavedToken): Fact {
  const until = expiresAt === null ? null : new Date(expiresAt).toISOString();
  const limits = `${services === null ? "" : ` for ${services.join(", ")}`}${until === null ? "" : `, until ${until}`}`;
  const text = `the token ${name} was made: ${scope}${limits}`;
  return {
    kind: "token",
    step: null,
    actor: createdBy,
    text,
    data: { token: name, is: "made", scope, services, expiresAt: until },
  };
}

function takenBackFact(name: string, actor: Actor): Fact {
  const text = `the token ${name} was taken back`;
  return { kind: "token", step: null, actor: actor.name, text, data: { token: name, is: "revoked" } };
}

function viewOf({ saved, usedAt }: Known): TokenView {
  const { name, scope, services, createdAt, createdBy, expiresAt } = saved;
  const at = (ms: Ms | null) => (ms === null ? null : new Date(ms).toISOString());
  const dated = { createdAt: new Date(createdAt).toISOString(), createdBy, expiresAt: at(expiresAt), lastUsedAt: at(usedAt) };
  return { name, scope, services, ...dated };
}
