import { type Address, formatAddress, parseAddress } from "./address.ts";

/** Where the API listens. Port 0 takes a free one. */
export type Listen = Address | { readonly unix: string };

/** `host:port` or `unix:PATH`; undefined where it is anything else. */
export function parseListen(input: string): Listen | undefined {
  const unix = /^unix:([\x21-\x7e]{1,100})$/.exec(input)?.[1];
  return unix === undefined ? parseAddress(input) : { unix };
}

/** How a client on the same machine reaches it: where it listens on all addresses, loopback is one of them. */
export function reachable({ host, port }: Address): string {
  const everywhere = { "0.0.0.0": "127.0.0.1", "::": "::1" }[host];
  return formatAddress({ host: everywhere ?? host, port });
}
