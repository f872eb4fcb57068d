import type { Compare, Write } from "../core/ports.ts";

/** The fence of the lease is one more, so that no transaction has over 128 compares: etcd's limit. */
const MOST_COMPARES = 127;
const MOST_WRITES = 128;
/** Keys and values of one transaction, in bytes. */
const MOST_BYTES = 1_000_000;

const KEY = /^[A-Za-z0-9._:-]+(\/[A-Za-z0-9._:-]+)*$/;

/** A write with its value as the text that is stored. */
export type TextWrite = { readonly key: string; readonly text: string | null };

/**
 * Turns writes into what is stored.
 *
 * Throws a `RangeError` beyond the limits and a `TypeError` for a bad key: both are mistakes of the program, not of the store.
 */
export function textWrites(compares: readonly Compare[], writes: readonly Write[]): readonly TextWrite[] {
  if (compares.length > MOST_COMPARES) throw tooMuch(`${compares.length} compares`, `${MOST_COMPARES}`);
  if (writes.length > MOST_WRITES) throw tooMuch(`${writes.length} writes`, `${MOST_WRITES}`);
  for (const { key } of compares) checkKey(key);
  const texts = writes.map(textWrite);
  const bytes = texts.reduce((sum, { key, text }) => sum + key.length + (text === null ? 0 : Buffer.byteLength(text)), 0);
  if (bytes > MOST_BYTES) throw tooMuch(`${bytes} bytes`, `${MOST_BYTES} bytes`);
  const twice = duplicate(texts.map(({ key }) => key));
  if (twice !== null) throw new TypeError(`a transaction writes the key ${twice} twice`);
  return texts;
}

function textWrite(write: Write): TextWrite {
  const key = "put" in write ? write.put : write.delete;
  checkKey(key);
  if (!("put" in write)) return { key, text: null };
  const text: string | undefined = JSON.stringify(write.value);
  if (text === undefined) throw new TypeError(`the value for the key ${key} is not JSON`);
  return { key, text };
}

/** Throws a `TypeError` unless it is a path of `[A-Za-z0-9._:-]+` joined by `/`. */
export function checkKey(key: string): void {
  if (!KEY.test(key)) throw new TypeError(`${JSON.stringify(key)} is no key: use letters, digits and ._:- in parts joined by /`);
}

function tooMuch(what: string, limit: string): RangeError {
  return new RangeError(`a transaction with ${what} is too large: the limit is ${limit}; split it`);
}

function duplicate(keys: readonly string[]): string | null {
  const seen = new Set<string>();
  return keys.find((key) => seen.size === seen.add(key).size) ?? null;
}
