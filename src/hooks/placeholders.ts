import type { HookCall } from "../core/ports.ts";
import { Unaskable } from "../secrets/confidence.ts";

/** What `{rollout}` and the like stand for by name; null for what one call has none of. */
export type Values = Readonly<Record<string, string | null>>;

export function valuesOf({ rollout, service, pool, member, version, step }: HookCall): Values {
  return { rollout, service, pool, member, version, step };
}

/** Puts the values in, each as `encode` makes it fit its place; other braces stay as they are. Throws an `Unaskable`. */
export function fillIn(text: string, values: Values, encode: (value: string) => string = (value) => value): string {
  return text.replaceAll(/\{([a-z]+)\}/g, (written: string, name: string) => {
    if (!Object.hasOwn(values, name)) return written;
    const value = values[name];
    if (value != null) return encode(value);
    const why =
      name === "version" ? "this rollout has no version; name one when you start it" : "this hook is about no one of them";
    throw new Unaskable(`${written} stands for nothing: ${why}`);
  });
}
