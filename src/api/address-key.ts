import { isIPv6 } from "node:net";

/**
 * What tries are counted by: an IPv4 address as it is, and of an IPv6 address its network of 64 bits, since a single machine has all
 * addresses in it. On a unix socket, where nobody has an address, all callers are one.
 */
export function addressKey(ip: string | undefined): string {
  if (ip === undefined || ip === "") return "unix";
  const mapped = /^::ffff:(?<v4>\d+(?:\.\d+){3})$/i.exec(ip)?.groups?.v4;
  if (mapped !== undefined) return mapped;
  if (!isIPv6(ip)) return ip;
  const [before = "", after] = ip.split("%")[0]?.split("::") ?? [];
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const zeros = after === undefined ? [] : Array.from({ length: 8 - head.length - tail.length }, () => "0");
  const groups = [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16).toString(16));
  return `${groups.slice(0, 4).join(":")}::/64`;
}
