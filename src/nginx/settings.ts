import type { Ms, TargetName } from "../core/units.ts";

/** How Sluice reaches an nginx: its binary and pid on this host, signals alone, or programs that know the way (argument lists, no shell). */
export type Drive =
  | { readonly by: "local"; readonly binary: string; readonly config: string; readonly pid: string }
  /** An nginx in a container whose processes can be seen, with a binary that cannot be run here; `config` tells where its error log is. */
  | { readonly by: "signal"; readonly config: string | null; readonly pid: string }
  | {
      readonly by: "command";
      /** Null where no nginx of the same build is at hand: then only nginx itself and the proof tell. */
      readonly test: readonly string[] | null;
      readonly reload: readonly string[];
      /** A pid file that names a process of this host, or null: then the proof cannot look at workers. */
      readonly pid: string | null;
    };

/** What it takes to drive one nginx. Paths are absolute. */
export type TargetSettings = {
  readonly name: TargetName;
  readonly drive: Drive;
  /** The folder that Sluice writes and nginx includes. */
  readonly include: string;
  /** The folder of the live tables. */
  readonly tables: string;
  /** Where the status server listens: a loopback `host:port`, or `unix:` and a path. */
  readonly status: string;
  /** How long keep-alive clients are told to reconnect before a reload; 0 where that is off. */
  readonly closingMs: Ms;
  /** How long a proof may take. */
  readonly deadlineMs: Ms;
};

/** The file whose presence makes nginx close keep-alive connections gracefully. */
export function closingFlag(tables: string): string {
  return `${tables}/.closing`;
}

/** The folder that nginx's log of requests lies in: beside the tables, so that whatever reaches those reaches it. */
export function logFolder(tables: string): string {
  return `${tables}/log`;
}

/** The log of requests that services are judged by. */
export function logFile(tables: string): string {
  return `${logFolder(tables)}/requests.log`;
}
