import { ADDRCONFIG } from "node:dns";
import { lookup } from "node:dns/promises";
import { isIPv4, isIPv6 } from "node:net";
import { hostPort } from "../core/network.ts";
import type { Resolve } from "../core/ports.ts";
import type { Endpoint, Member, Ms } from "../core/units.ts";

export type ResolveDeps = {
  /** How long a name may take. */
  readonly timeoutMs: Ms;
  /** Addresses of a host name; the system's resolver unless told otherwise. */
  readonly lookup?: (host: string) => Promise<readonly string[]>;
};

const NAME = /^(?=.{1,253}\.?$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?$/i;
/** What C libraries take for an address and people for a name or a mistake: `127.1`, `0x7f000001`, `0177.0.0.1`. */
const NUMERIC = /(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/i;

/**
 * Finds the addresses of members.
 *
 * Names go through the system's resolver (`getaddrinfo`), as they do in nginx: so `/etc/hosts`, search domains and
 * the container's own names count. Asking DNS servers directly would find other addresses than people see.
 */
export function createResolve(deps: ResolveDeps): Resolve {
  const find = deps.lookup ?? system;
  const underWay = new Map<string, Promise<readonly string[]>>();
  // The system's resolver cannot be interrupted: one that hangs is waited for by all, not asked once more by each.
  const share = (host: string) => {
    const known = underWay.get(host);
    if (known !== undefined) return known;
    const asked = find(host).finally(() => underWay.delete(host));
    underWay.set(host, asked);
    asked.catch(() => {});
    return asked;
  };
  return async (member) => {
    const { host, port } = parts(member);
    if (isIPv4(host)) return [`${host}:${port}`];
    if (isIPv6(host)) return [`${normalised(host)}:${port}`];
    const addresses = await within(share(host), deps.timeoutMs, host);
    return endpoints(member, addresses, port);
  };
}

function parts(member: Member): { readonly host: string; readonly port: number } {
  const written = /^(\[[^[\]]+\]|[^:[\]]+):([1-9]\d{0,4})$/.exec(member);
  const { host, port } = hostPort(member);
  if (written === null || port > 65_535) {
    throw new Error(`${member} is no member: write host:port, an IPv6 address in brackets, a port from 1 to 65535`);
  }
  if (member.startsWith("[")) {
    if (!isIPv6(host) || host.includes("%"))
      throw new Error(`${member} has no IPv6 address in its brackets (zones are not known)`);
  } else if (!isIPv4(host) && NUMERIC.test(host)) {
    throw new Error(`${member} is an odd way to write an address: write all four decimal numbers, such as 127.0.0.1`);
  } else if (!isIPv4(host) && !NAME.test(host)) {
    throw new Error(`${member} has a host name with characters that host names cannot have`);
  }
  return { host, port };
}

/** IPv6 in brackets, in its shortest form, so that one address is one endpoint. */
function normalised(address: string): string {
  return new URL(`http://[${address}]`).hostname;
}

function endpoints(member: Member, addresses: readonly string[], port: number): readonly Endpoint[] {
  // A link-local address with a zone means something on this machine only, and nginx cannot take it.
  const usable = addresses.filter((address) => !address.includes("%"));
  if (usable.length === 0) throw new Error(`${member} has no address that can be used`);
  return [...new Set(usable.map((address) => `${isIPv6(address) ? normalised(address) : address}:${port}`))].sort();
}

async function system(host: string): Promise<readonly string[]> {
  // Without ADDRCONFIG a machine that has no IPv6 would get endpoints that it can never reach.
  const found = await lookup(host, { all: true, hints: ADDRCONFIG });
  return found.map(({ address }) => address);
}

async function within(asked: Promise<readonly string[]>, timeoutMs: Ms, host: string): Promise<readonly string[]> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`the name ${host} was not resolved within ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  try {
    return await Promise.race([asked, late.promise]);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    const unknown = error.code === "ENOTFOUND" || error.code === "ENODATA";
    throw new Error(`the name ${host} ${unknown ? "is not known" : `could not be resolved (${String(error.code)})`}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}
