import * as z from "zod";
import { parseAddress } from "../address.ts";
import { DEFAULTS } from "../defaults.ts";
import { type Listen, parseListen } from "../listen.ts";
import { block, choice, must, text } from "./fields.ts";

function parseHost(input: string): string | undefined {
  return parseAddress(input.includes(":") && !input.endsWith("]") ? input : `${input}:1`) === undefined
    ? undefined
    : input.toLowerCase();
}

/** The HTTP API of the controller. */
export const api = block("api", "The HTTP API.", {
  listen: text<Listen>(
    "Where the API listens: `host:port` or `unix:PATH`.",
    "host:port or unix:PATH, such as 127.0.0.1:7070 or unix:/run/sluice/api.sock",
    parseListen,
  ).prefault(DEFAULTS.api.listen),
  auth: choice("`none` is allowed on loopback addresses and unix sockets only.", ["token", "none"]).default(DEFAULTS.api.auth),
  tls: choice("`elsewhere`: something in front of Sluice speaks TLS. Needed for any address that is not loopback.", [
    "none",
    "elsewhere",
  ]).default(DEFAULTS.api.tls),
  hosts: z
    .array(
      text("A host, with its port where that is not the usual one.", "host or host:port, such as sluice.example.com", parseHost),
      must("a list of hosts"),
    )
    .describe("Host headers to answer to beside localhost and the address itself.")
    .default([]),
});
