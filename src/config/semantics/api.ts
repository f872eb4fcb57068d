import { isIP } from "node:net";
import { formatAddress, isLoopback } from "../address.ts";
import { type Judgement, problem, type Subject } from "./rule.ts";

/** Who can reach the API, and what protects it there. */
export function* apiRules({ settings: { api } }: Subject): Iterable<Judgement> {
  if ("unix" in api.listen) {
    if (typeof api.tls === "object")
      yield problem(["api", "tls"], "is for addresses: a unix socket, which only this machine reaches, speaks none");
    return;
  }
  const { host } = api.listen;
  if (isLoopback(host)) return;
  if (isIP(host) === 0)
    yield problem(["api", "listen"], `"${host}" is a name; it must be an IP address, localhost, or unix:PATH`);
  const where = formatAddress(api.listen);
  if (api.auth === "none") {
    yield problem(
      ["api", "auth"],
      `none is allowed on loopback addresses and unix sockets only, and the API listens on ${where}; it must be token`,
    );
  }
  if (api.tls === "none") {
    const message = `${where} can be reached from other machines without TLS; listen on 127.0.0.1 or unix:PATH, give tls the files cert and key, or say tls: elsewhere where something in front speaks TLS`;
    yield problem(["api", "listen"], message);
  }
}
