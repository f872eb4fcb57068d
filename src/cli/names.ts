import { nearest, suggest } from "../config/nearest.ts";
import { explain, Failure } from "./failure.ts";
import type { Session } from "./session.ts";

/** The names that a command line holds, to compare with those that exist. */
export type Named = {
  readonly service?: string | undefined;
  readonly pool?: string | undefined;
  readonly rollout?: string | undefined;
};

/** Does `act`; where it fails because a name is unknown, adds what was probably meant. */
export async function withSuggestions<T>(session: Session, named: Named, act: (session: Session) => Promise<T>): Promise<T> {
  try {
    return await act(session);
  } catch (error) {
    const { exit, what, hint, code } = explain(error);
    const suggested = await suggestionFor(session, code, named);
    if (suggested === null) throw error;
    throw new Failure(exit, what, { code, cause: error, hint: hint?.includes("did you mean") === true ? hint : suggested });
  }
}

async function suggestionFor(session: Session, code: string | null, named: Named): Promise<string | null> {
  const { service, pool, rollout } = named;
  if (code === "unknown-service" && service !== undefined) {
    return suggest(
      service,
      (await session.services()).map(({ name }) => name),
    );
  }
  if (code === "unknown-pool" && pool !== undefined && service !== undefined) {
    return suggest(pool, Object.keys((await session.service(service)).pools));
  }
  return code === "unknown-rollout" && rollout !== undefined ? ofRollout(session, rollout) : null;
}

/** Only the newest one of each service can be listed; those before it stand in its history. */
async function ofRollout(session: Session, typed: string): Promise<string | null> {
  const newest = (await session.services()).flatMap(({ rollout }) => (rollout === null ? [] : [rollout.id]));
  if (newest.length === 0) return "there has been no rollout yet: sluice start SERVICE";
  const near = nearest(typed, newest);
  return `${near === null ? "" : `did you mean "${near}"? `}the newest: ${newest.join(", ")}; those before: sluice history SERVICE`;
}
