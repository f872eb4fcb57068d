import type { ServiceName } from "./units.ts";

/** What a token may do. `operate` holds `read`, `admin` holds both. */
export type Scope = "read" | "operate" | "admin";

/** A token as it is shown: everything but the token itself, of which only a hash is kept. Instants are RFC 3339 in UTC. */
export type TokenView = {
  /** The actor of what is done with it. */
  readonly name: string;
  readonly scope: Scope;
  /** The only services that it reaches; null for all of them. */
  readonly services: readonly ServiceName[] | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt: string | null;
  /** To the minute; null where it was never used. */
  readonly lastUsedAt: string | null;
};

export type NewToken = {
  readonly name: string;
  readonly scope: Scope;
  readonly services: readonly ServiceName[] | null;
  readonly expiresInMs: number | null;
};

/** The one time that the token itself is told. */
export type CreatedToken = { readonly token: string; readonly about: TokenView };
