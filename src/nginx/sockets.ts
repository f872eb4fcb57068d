import { readdir, readFile, readlink } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { endianness } from "node:os";
import { hostPort } from "../core/network.ts";
import type { Endpoint } from "../core/units.ts";

/**
 * TCP connections as the kernel lists them in `/proc/PID/net/tcp` and `tcp6` (proc_net_tcp in the kernel's documentation).
 *
 * The tables belong to the network of that process, so a container's are read through a pid in it.
 */

/** Connections by the endpoint at their other end, each as the inode of its socket. */
export type Connections = ReadonlyMap<Endpoint, readonly string[]>;

/**
 * ESTABLISHED, SYN_SENT, FIN_WAIT1 and FIN_WAIT2: the other end may still be at work for this one. In CLOSE_WAIT it has said all
 * that it will.
 */
const BUSY = new Set(["01", "02", "04", "05"]);

/** Endpoints by the ways in which the tables write them. */
export type Written = ReadonlyMap<string, Endpoint>;

/** To be made once for many looks. */
export function asWritten(endpoints: readonly Endpoint[]): Written {
  return new Map(endpoints.flatMap((endpoint) => addressesOf(endpoint).map((address) => [address, endpoint] as const)));
}

/** All busy connections from the network of a process to some endpoints; null where the tables cannot be read. */
export async function connectionsTo(pid: number, written: Written): Promise<Connections | null> {
  const [four, six] = await Promise.all([table(pid, "tcp"), table(pid, "tcp6")]);
  if (four === null || six === null) return null;
  const found = new Map<Endpoint, string[]>([...written.values()].map((endpoint) => [endpoint, []]));
  for (const text of [four, six]) for (const [endpoint, inode] of busyIn(text, written)) found.get(endpoint)?.push(inode);
  return found;
}

/** Which of these sockets a process has open; none where it is gone, null where it may not be looked into. */
export async function openSockets(pid: number, inodes: ReadonlySet<string>): Promise<readonly string[] | null> {
  try {
    const names = await readdir(`/proc/${pid}/fd`);
    const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(gone)));
    return links.flatMap((link) => {
      const inode = link.startsWith("socket:[") ? link.slice(8, -1) : "";
      return inodes.has(inode) ? [inode] : [];
    });
  } catch (error) {
    return isGone(error) ? [] : null;
  }
}

/** The text of a table, empty where the kernel has none of that kind; null where it cannot be read. */
async function table(pid: number, name: "tcp" | "tcp6"): Promise<string | null> {
  try {
    return await readFile(`/proc/${pid}/net/${name}`, "latin1");
  } catch (error) {
    return name === "tcp6" && isGone(error) ? "" : null;
  }
}

function* busyIn(text: string, written: Written): Generator<readonly [Endpoint, string]> {
  // Only the columns that decide are cut out of a line: there may be tens of thousands.
  for (let start = text.indexOf("\n") + 1; start > 0 && start < text.length; start = text.indexOf("\n", start) + 1) {
    const local = text.indexOf(": ", start) + 2;
    const remote = text.indexOf(" ", local) + 1;
    const state = text.indexOf(" ", remote) + 1;
    const endpoint = written.get(text.slice(remote, state - 1));
    if (endpoint === undefined || !BUSY.has(text.slice(state, state + 2))) continue;
    const end = text.indexOf("\n", start);
    const fields = text
      .slice(state, end < 0 ? text.length : end)
      .trim()
      .split(/\s+/);
    // state, queues, timer, retransmits, uid, timeout, inode
    const inode = fields[6];
    if (inode !== undefined && inode !== "0") yield [endpoint, inode];
  }
}

/** How the tables write an endpoint: hexadecimal, in the byte order of the machine; IPv4 also as IPv6 writes it. */
function addressesOf(endpoint: Endpoint): readonly string[] {
  const { host, port } = hostPort(endpoint);
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  if (isIPv6(host)) return [`${words(bytesOfV6(host))}${suffix}`];
  const four = host.split(".").map(Number);
  const mapped = [...Array.from({ length: 10 }, () => 0), 0xff, 0xff, ...four];
  return [`${words(four)}${suffix}`, `${words(mapped)}${suffix}`];
}

function words(bytes: readonly number[]): string {
  const groups = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.slice(index * 4, index * 4 + 4));
  return groups.map((group) => (endianness() === "LE" ? [...group].reverse() : group).map(hex).join("")).join("");
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}

/** The 16 bytes of an IPv6 address; the URL parser knows every way to write one. */
function bytesOfV6(host: string): readonly number[] {
  const [before = "", after] = new URL(`http://[${host}]/`).hostname.slice(1, -1).split("::");
  const groups = (part: string) => part.split(":").filter(Boolean);
  const head = groups(before);
  const tail = groups(after ?? "");
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return [...head, ...zeros, ...tail].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function gone(error: unknown): string {
  if (isGone(error)) return "";
  throw error;
}

/** Processes and their files end while they are being looked at. */
function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ESRCH";
}
