import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { reachable } from "../config/listen.ts";
import { readReach } from "../config/reach.ts";
import { EXIT } from "./exit.ts";
import { Failure } from "./failure.ts";
import type { Env } from "./io.ts";

/** Where a controller listens, and what opens it. */
export type Address = {
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  /** The unix socket to go through, or null for TCP. */
  readonly socket: string | null;
  readonly token: string | null;
  /** What a certificate is held against beside the authorities that Node knows; null for those alone. */
  readonly trust: Trust | null;
  /** The configuration that the address comes from: the same state can be opened without a controller. Null: given by hand. */
  readonly config: string | null;
};

/** `ca`: an authority of the caller's own. `own`: the certificates that the controller of this machine can have, and no other. All PEM. */
export type Trust = { readonly ca: string } | { readonly own: readonly string[] };

/** The options that say where the controller is. */
export type AddressFlags = {
  readonly config?: string;
  readonly url?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
};

/** Where a configuration is looked for when nobody names one, in this order. */
export const CONFIG_PLACES = ["sluice.yaml", "/etc/sluice/sluice.yaml"] as const;

/** Flags before environment before configuration file. */
export async function findController(flags: AddressFlags, env: Env, cwd: string): Promise<Address> {
  const given = flags.url ?? env.SLUICE_URL;
  const config = await findConfig(flags, env, cwd);
  const token = await givenToken(flags, env);
  const trust = await givenTrust(flags, env);
  if (given !== undefined && given !== "") {
    const address = parseUrl(given);
    const same = await sameController(address, config, env);
    return { ...address, token: token ?? same.token, trust: trust ?? same.trust, config: null };
  }
  if (config === null) throw nowhere();
  const own = await configured(config, env);
  const { url, socket, tokenFile } = own;
  return { url, socket, token: token ?? (await readToken(tokenFile)), trust: trust ?? (await trustOf(own)), config };
}

/** The configuration file to use: named, or the first place that has one; null where there is none. */
export async function findConfig(flags: AddressFlags, env: Env, cwd: string): Promise<string | null> {
  const named = flags.config ?? env.SLUICE_CONFIG;
  if (named !== undefined && named !== "") return named;
  for (const place of CONFIG_PLACES) {
    if (await exists(join(place.startsWith("/") ? "" : cwd, place))) return place;
  }
  return null;
}

/** The same, for commands that cannot do without one. */
export async function needConfig(flags: AddressFlags, env: Env, cwd: string): Promise<string> {
  const config = await findConfig(flags, env, cwd);
  if (config !== null) return config;
  throw new Failure(EXIT.configuration, `no configuration: neither ${CONFIG_PLACES.join(" nor ")} is there`, {
    hint: "write one with `sluice init`, or name it with --config FILE",
  });
}

/** `http://host:port`, `https://…`, `host:port` or `unix:/path`. */
export function parseUrl(text: string): Pick<Address, "url" | "socket"> {
  if (text.startsWith("unix:")) return { url: "http://localhost", socket: text.slice("unix:".length).replace(/^\/\/(?=\/)/, "") };
  const full = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(full) ? new URL(full) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || url.username !== "") {
    throw new Failure(EXIT.usage, `"${text}" is no address of a controller`, {
      hint: "allowed: http://host:port, https://host:port, host:port, unix:/path/to/socket",
    });
  }
  return { url: url.origin, socket: null };
}

async function givenToken(flags: AddressFlags, env: Env): Promise<string | null> {
  if (flags.token !== undefined) return flags.token;
  if (flags.tokenFile !== undefined) return readToken(flags.tokenFile, true);
  if (env.SLUICE_TOKEN !== undefined && env.SLUICE_TOKEN !== "") return env.SLUICE_TOKEN;
  if (env.SLUICE_TOKEN_FILE !== undefined && env.SLUICE_TOKEN_FILE !== "") return readToken(env.SLUICE_TOKEN_FILE, true);
  return null;
}

async function givenTrust(flags: AddressFlags, env: Env): Promise<Trust | null> {
  const file = flags.ca ?? env.SLUICE_CA;
  return file === undefined || file === "" ? null : { ca: await readPem(file) };
}

async function trustOf({ certificates }: Configured): Promise<Trust | null> {
  return certificates.length === 0 ? null : { own: await readable(certificates) };
}

/** The one that is served lies in the state folder; the configured one may be newer, or all that this user may read. */
async function readable(files: readonly string[]): Promise<readonly string[]> {
  const read = await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => null)));
  return read.filter((text) => text !== null);
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new Failure(EXIT.unreachable, `cannot read the certificate in ${file}: ${errorCode(error)}`, {
      cause: error,
      hint: "name the certificate of the authority with --ca or SLUICE_CA",
    });
  }
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : "";
}

const NOTHING = { token: null, trust: null };

/** The token of this machine goes to this machine's controller only, never to an address that merely was typed. */
async function sameController(
  address: Pick<Address, "url" | "socket">,
  config: string | null,
  env: Env,
): Promise<Pick<Address, "token" | "trust">> {
  if (config === null) return NOTHING;
  // The address is known already: a configuration that cannot be read takes away the token alone, and the API says so.
  const own = await configured(config, env).catch(() => null);
  if (own === null || own.url !== address.url || own.socket !== address.socket) return NOTHING;
  return { token: await readToken(own.tokenFile), trust: await trustOf(own) };
}

type Configured = {
  readonly url: string;
  readonly socket: string | null;
  readonly tokenFile: string;
  readonly certificates: readonly string[];
};

async function configured(config: string, env: Env): Promise<Configured> {
  const quick = await readReach(config, env);
  if (quick !== null) {
    const { listen, state } = quick;
    const place =
      "unix" in listen ? { url: "http://localhost", socket: listen.unix } : { url: `http://${reachable(listen)}`, socket: null };
    return { ...place, tokenFile: join(state, "token"), certificates: [] };
  }
  const { apiAddress } = await import("../app.ts");
  return apiAddress({ config, env });
}

/** A file that is not there is no token where nobody named it: the API may need none, or there was no first start yet. */
async function readToken(file: string, named = false): Promise<string | null> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" && !named) return null;
    throw new Failure(EXIT.unreachable, `cannot read the token in ${file}: ${code}`, {
      cause: error,
      hint: "run as the user that the controller runs as, or give a token with SLUICE_TOKEN or --token-file",
    });
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file, constants.F_OK).then(
    () => true,
    () => false,
  );
}

function nowhere(): Failure {
  return new Failure(EXIT.unreachable, `no controller is named, and neither ${CONFIG_PLACES.join(" nor ")} is there`, {
    hint: "give --url or SLUICE_URL, or name the configuration with --config or SLUICE_CONFIG",
  });
}
