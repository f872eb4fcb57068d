import { expect } from "vitest";
import { SOON_MS } from "./browser.ts";

/** Expects of what `look` finds, again and again, until it is so. */
export function soon<T>(look: () => T | Promise<T>) {
  return expect.poll(look, { timeout: SOON_MS, interval: 50 });
}
