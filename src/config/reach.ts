import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DEFAULTS } from "./defaults.ts";
import type { Env } from "./env.ts";
import { type Listen, parseListen } from "./listen.ts";
import { readSource } from "./source.ts";

/** Where the API of a configuration listens, without TLS of its own, and the folder of its state. */
export type Reach = { readonly listen: Listen; readonly state: string };

/** Keys of `api:` that are looked at here, or that say nothing about how to reach it. */
const UNDERSTOOD = new Set(["listen", "auth", "hosts", "tls"]);

/**
 * Reads from a configuration only what a client needs, without the schema, which takes longer to load than most commands take.
 *
 * What is wrong elsewhere in the file is not looked at, so that a controller can still be asked, and told to abort, while its file is
 * being edited. Null where this is not enough to be sure: whoever reads the whole file then says why.
 */
export async function readReach(path: string, env: Env): Promise<Reach | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  const { data, problems } = readSource(text, path, env);
  if (!isMap(data) || problems.some(({ path: at }) => /^(?:$|(?:api|state)(?:[.[]|$))/.test(at))) return null;
  const { api = {}, state = DEFAULTS.state } = data;
  if (!isMap(api) || !Object.keys(api).every((key) => UNDERSTOOD.has(key))) return null;
  const { listen = DEFAULTS.api.listen, tls = DEFAULTS.api.tls } = api;
  if (typeof listen !== "string" || typeof state !== "string" || state.trim() === "") return null;
  const at = tls === "none" || tls === "elsewhere" ? parseListen(listen) : undefined;
  if (at === undefined) return null;
  const from = (relative: string): string => resolve(dirname(resolve(path)), relative);
  return { listen: "unix" in at ? { unix: from(at.unix) } : at, state: from(state) };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
