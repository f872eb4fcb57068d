import type { Capabilities } from "./capabilities.ts";

/** What is the same for all services of one nginx. Paths are absolute. */
export type Site = {
  /** The folder of the tables. */
  readonly tables: string;
  /** Where the status server listens: a loopback `host:port` or `unix:` and a path. */
  readonly status: string;
  /** The file whose presence makes nginx close keep-alive connections gracefully. */
  readonly closingFlag: string;
  readonly capabilities: Capabilities;
};

/** True where the two render alike. */
export function sameSite(a: Site, b: Site): boolean {
  const isSame = a.tables === b.tables && a.status === b.status && a.closingFlag === b.closingFlag;
  return isSame && a.capabilities === b.capabilities;
}
