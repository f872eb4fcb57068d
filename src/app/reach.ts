import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { reachable } from "../config/listen.ts";
import { servedIn } from "./certificate.ts";

/** Where the API of a configuration is for a client on this machine, with the files of its token and its certificates. */
export function reachOf({ api, state }: Config) {
  const tokenFile = join(state, "token");
  const certificates = typeof api.tls === "string" ? [] : [servedIn(state), api.tls.cert];
  if ("unix" in api.listen) return { url: "http://localhost", socket: api.listen.unix, tokenFile, certificates };
  const scheme = certificates.length === 0 ? "http" : "https";
  return { url: `${scheme}://${reachable(api.listen)}`, socket: null, tokenFile, certificates };
}
