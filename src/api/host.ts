import type { FastifyRequest } from "fastify";
import { ApiError } from "./problem.ts";

const HOST = /^(?<name>\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::(?<port>[0-9]{1,5}))?$/i;
const LOCAL_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Refuses requests whose Host is not exactly one of ours, so that a page whose name was rebound to this address gets nothing.
 *
 * The local names hold with the port that the connection came in by (any port on a unix socket, which has none). A configured
 * `name` holds with that port or none, since something that ends TLS may stand before us; `name:port` holds as it is.
 */
export function checkHost(hosts: readonly string[]): (request: FastifyRequest) => void {
  const configured = new Set(hosts.map((host) => host.toLowerCase()));
  return (request) => {
    const hostHeaders = request.raw.rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === "host");
    const target = request.raw.url ?? "";
    const host = hostHeaders.length === 1 ? (request.headers.host ?? "").toLowerCase() : "";
    if (
      target.startsWith("/") &&
      isOurs(host, { localPort: request.socket.localPort, usual: request.protocol === "https" ? 443 : 80 }, configured)
    )
      return;
    throw new ApiError(
      "wrong-host",
      "The Host header names another host than this API.",
      "Use localhost with the API's port, or list the name under `api.hosts`.",
    );
  };
}

type Local = { readonly localPort: number | undefined /** The port that a client leaves out. */; readonly usual: number };

function isOurs(host: string, { localPort, usual }: Local, configured: ReadonlySet<string>): boolean {
  const { name, port } = HOST.exec(host)?.groups ?? {};
  if (name === undefined) return false;
  if (configured.has(host)) return true;
  const samePort = localPort === undefined || Number(port ?? usual) === localPort;
  if (LOCAL_NAMES.includes(name)) return samePort;
  return configured.has(name) && (port === undefined || samePort);
}
