import type { Endpoint } from "../core/units.ts";
import { childrenOf, type Master } from "./processes.ts";
import { asWritten, connectionsTo, openSockets, type Written } from "./sockets.ts";

/** A socket that no worker has open in this many looks is somebody else's for good. */
const FOREIGN_AFTER = 2;
/** Sockets that are remembered beyond those of a look; inodes are not used again before very many others were. */
const MOST_KEPT = 1_000;

/** Counts the connections of nginx's workers to endpoints, and none of other programs'. */
export class WorkerConnections {
  /** Sockets by inode: whose they are stays, so that only unknown ones cost a look at the workers' files. */
  #ours = new Set<string>();
  /** Sockets that no worker had open, and how often that was seen. */
  #foreign = new Map<string, number>();
  #known: { readonly endpoints: readonly Endpoint[]; readonly written: Written } | null = null;

  /** How many the workers have open to each endpoint; null where that cannot be told from what others have open. */
  async count(master: Master, endpoints: readonly Endpoint[]): Promise<ReadonlyMap<Endpoint, number> | null> {
    if (this.#known?.endpoints !== endpoints) this.#known = { endpoints, written: asWritten(endpoints) };
    const listed = await connectionsTo(master.pid, this.#known.written);
    if (listed === null || !(await this.#sort(master, [...listed.values()].flat()))) return null;
    return new Map([...listed].map(([endpoint, inodes]) => [endpoint, inodes.filter((inode) => this.#ours.has(inode)).length]));
  }

  async #sort(master: Master, inodes: readonly string[]): Promise<boolean> {
    if (this.#ours.size + this.#foreign.size > MOST_KEPT + inodes.length) this.#forget(new Set(inodes));
    const unknown = new Set(inodes.filter((inode) => !this.#ours.has(inode) && (this.#foreign.get(inode) ?? 0) < FOREIGN_AFTER));
    if (unknown.size === 0) return true;
    const { serving, leaving } = await childrenOf(master);
    for (const pid of [...serving, ...leaving]) {
      const open = await openSockets(pid, unknown);
      if (open === null) return false;
      for (const inode of open) this.#ours.add(inode);
    }
    for (const inode of unknown) if (!this.#ours.has(inode)) this.#foreign.set(inode, (this.#foreign.get(inode) ?? 0) + 1);
    return true;
  }

  #forget(open: ReadonlySet<string>): void {
    this.#ours = new Set([...this.#ours].filter((inode) => open.has(inode)));
    this.#foreign = new Map([...this.#foreign].filter(([inode]) => open.has(inode)));
  }
}
