import { findController } from "./address.ts";
import type { Context } from "./context.ts";
import { EXIT } from "./exit.ts";
import { explain } from "./failure.ts";
import { ask, place } from "./http.ts";

/** The version of the controller that a command would talk to; one that does not answer is an answer here. */
export type Server = { readonly version: string; readonly address: string } | { readonly version: null; readonly reason: string };

export async function serverVersion({ flags, io }: Context): Promise<Server> {
  try {
    const address = await findController(flags, io.env, io.cwd);
    const { version } = await ask<{ version: string }>(address, "/healthz");
    return { version, address: place(address) };
  } catch (error) {
    const { exit, what } = explain(error);
    if (exit === EXIT.unexpected) throw error;
    return { version: null, reason: what };
  }
}

/** Who is behind: `none` where both are of the same version. */
export type Skew = "none" | "client-older" | "server-older";

/** Compares two semantic versions by their numbers; where these are equal, a version before its release is the older one. */
export function skewOf(client: string, server: string): Skew {
  if (client === server) return "none";
  const [own, other] = [partsOf(client), partsOf(server)];
  const at = own.findIndex((part, index) => part !== other[index]);
  return at < 0 || (own[at] ?? 0) > (other[at] ?? 0) ? "server-older" : "client-older";
}

function partsOf(version: string): readonly number[] {
  const [numbers = "", before] = version.split("-", 2);
  return [...numbers.split(".").map(Number), before === undefined ? 1 : 0];
}
