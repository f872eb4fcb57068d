import type { Store } from "../core/ports.ts";
import type { Json, Ms } from "../core/units.ts";

/** How long an answer is kept to be given again. */
export const ANSWER_KEPT_MS: Ms = 24 * 60 * 60_000;

/** An answer that was given, with what it was given to. `at` is wall clock. */
export type Answer = {
  readonly fingerprint: string;
  readonly status: number;
  readonly location: string | null;
  readonly body: string;
  readonly at: Ms;
};

/** Where answers are kept; keys are 64 hexadecimal digits. */
export interface Answers {
  get(key: string): Promise<Answer | null>;
  put(key: string, answer: Answer): Promise<void>;
}

const PREFIX = "idempotency/";
const TIDY_EVERY_MS: Ms = 60 * 60_000;
/** Deletes in one transaction, of the 128 operations that a store takes. */
const TIDY_AT_ONCE = 100;

/** Keeps answers in the store for a day. `now` is the wall clock. */
export function storedAnswers(store: Store, now: () => Ms): Answers {
  let tidiedAt = now();
  return {
    async get(key) {
      const entry = await store.get(PREFIX + key);
      return entry === null ? null : answerOf(entry.value);
    },
    async put(key, answer) {
      const revision = (await store.get(PREFIX + key))?.revision ?? 0;
      await store.txn([{ key: PREFIX + key, revision }], [{ put: PREFIX + key, value: answer }]);
      if (now() - tidiedAt < TIDY_EVERY_MS) return;
      tidiedAt = now();
      await tidy(store, now());
    },
  };
}

/** Deletes what is older than a day, page by page. */
async function tidy(store: Store, now: Ms): Promise<void> {
  for (let after: string | undefined; ; ) {
    const page = await store.list(PREFIX, { limit: TIDY_AT_ONCE, ...(after === undefined ? {} : { after }) });
    const old = page.filter((entry) => now - (answerOf(entry.value)?.at ?? 0) >= ANSWER_KEPT_MS);
    if (old.length > 0) {
      await store.txn(
        [],
        old.map((entry) => ({ delete: entry.key })),
      );
    }
    after = page.at(-1)?.key;
    if (page.length < TIDY_AT_ONCE) return;
  }
}

/** Null for a value that is not an answer: it is then as if none were kept. */
function answerOf(value: Json): Answer | null {
  if (typeof value !== "object" || value === null || !("fingerprint" in value)) return null;
  const { fingerprint, status, location, body, at } = value;
  if (typeof fingerprint !== "string" || typeof status !== "number" || typeof body !== "string" || typeof at !== "number")
    return null;
  return { fingerprint, status, location: typeof location === "string" ? location : null, body, at };
}
