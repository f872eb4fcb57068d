import { suggest } from "../config/nearest.ts";
import { explain, Failure } from "./failure.ts";
import type { Session } from "./session.ts";

/** The names that a command line holds, to compare with those that exist. */
export type Named = { readonly service?: string | undefined; readonly pool?: string | undefined };

/** Does `act`; where it fails because a name is unknown, adds what was probably meant. */
export async function withSuggestions<T>(session: Session, named: Named, act: (session: Session) => Promise<T>): Promise<T> {
  try {
    return await act(session);
  } catch (error) {
    const { exit, what, hint, code } = explain(error);
    const known = await namesFor(session, code, named);
    if (known === null) throw error;
    const suggested = suggest(known.typed, known.names);
    throw new Failure(exit, what, { code, cause: error, hint: hint?.includes("did you mean") === true ? hint : suggested });
  }
}

async function namesFor(session: Session, code: string | null, named: Named): Promise<{ typed: string; names: string[] } | null> {
  if (code === "unknown-service" && named.service !== undefined) {
    return { typed: named.service, names: (await session.services()).map((service) => service.name) };
  }
  if (code === "unknown-pool" && named.pool !== undefined && named.service !== undefined) {
    return { typed: named.pool, names: Object.keys((await session.service(named.service)).pools) };
  }
  return null;
}
