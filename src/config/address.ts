import { isIPv4, isIPv6 } from "node:net";

/** A host with a port. IPv6 hosts stand without brackets here. */
export type Address = { readonly host: string; readonly port: number };

const LABEL = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

/**
 * A host name, an IPv4 address in four parts, or an IPv6 address (without brackets or zone).
 *
 * Names whose last label is a number are refused, because resolvers take `127.1` and `0x7f000001` as addresses.
 */
export function isHost(host: string): boolean {
  if (isIPv4(host)) return true;
  if (host.includes(":")) return isIPv6(host) && !host.includes("%");
  const labels = host.split(".");
  const last = labels.at(-1) ?? "";
  return host.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^(\d+|0[xX][0-9a-fA-F]*)$/.test(last);
}

/** `host:port` with IPv6 in brackets; undefined where it is anything else. The port is 1 to 65535 without leading zeros. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(0|[1-9][0-9]{0,4})$/.exec(text);
  if (match === null) return undefined;
  const host = match[1] ?? match[2] ?? "";
  const port = Number(match[3]);
  const bracketed = match[1] !== undefined;
  return isHost(host) && bracketed === isIPv6(host) && port <= 65_535 ? { host, port } : undefined;
}

/** `host:port`, with brackets around IPv6. */
export function formatAddress({ host, port }: Address): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** True where only this machine can reach the host. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}
