import * as z from "zod";
import { parseAddress } from "../address.ts";
import { DEFAULTS } from "../defaults.ts";
import { type Listen, parseListen } from "../listen.ts";
import { block, choice, must, path, text } from "./fields.ts";

function parseHost(input: string): string | undefined {
  return parseAddress(input.includes(":") && !input.endsWith("]") ? input : `${input}:1`) === undefined
    ? undefined
    : input.toLowerCase();
}

const TLS =
  "none, elsewhere, or a block with the keys cert and key, such as { cert: /etc/sluice/tls.crt, key: /etc/sluice/tls.key }";

const certificate = block("api.tls", "A certificate of its own.", {
  cert: path("The certificate and the chain to its authority, PEM; read anew at each reload."),
  key: path("Its private key, PEM; only Sluice's user may read it."),
});

/** The HTTP API of the controller. */
export const api = block("api", "The HTTP API.", {
  listen: text<Listen>(
    "Where the API listens: `host:port` or `unix:PATH`.",
    "host:port or unix:PATH, such as 127.0.0.1:7070 or unix:/run/sluice/api.sock",
    parseListen,
  ).prefault(DEFAULTS.api.listen),
  auth: choice("`none` is allowed on loopback addresses and unix sockets only.", ["token", "none"]).default(DEFAULTS.api.auth),
  tls: z
    .union([z.enum(["none", "elsewhere"], must(TLS)), certificate], must(TLS))
    .describe(
      "`none`, the default: plain HTTP. A block with the files `cert` and `key`: Sluice itself speaks TLS. `elsewhere`: something in front of it does. One of the latter is needed for any address that is not loopback.",
    )
    .default(DEFAULTS.api.tls),
  hosts: z
    .array(
      text("A host, with its port where that is not the usual one.", "host or host:port, such as sluice.example.com", parseHost),
      must("a list of hosts"),
    )
    .describe("Host headers to answer to beside localhost and the address itself.")
    .default([]),
});
