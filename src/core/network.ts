/** What the codes of failed connections mean for people: Node's and undici's. */
const MEANINGS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused the connection",
  ECONNRESET: "reset the connection",
  EPIPE: "closed the connection",
  ETIMEDOUT: "did not take the connection",
  EHOSTUNREACH: "cannot be reached: no route to the host",
  ENETUNREACH: "cannot be reached: no route to the network",
  EADDRNOTAVAIL: "cannot be reached: this machine has no such address or no free port",
  EMFILE: "could not be asked: this process has too many open files",
  UND_ERR_CONNECT_TIMEOUT: "did not take the connection",
  UND_ERR_SOCKET: "closed the connection before its answer was complete",
  UND_ERR_HEADERS_OVERFLOW: "answered with headers that are too large",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "sent a body of another length than it said",
};

/** Why a request to an endpoint failed, to be read after the endpoint's address. */
export function networkFailure(error: unknown): string {
  if (!(error instanceof Error)) return `failed: ${String(error)}`;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (error.name === "HTTPParserError" || code.startsWith("HPE_")) return `did not answer in HTTP (${error.message})`;
  return (Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined) ?? `failed: ${error.message}`;
}

/** The address and port of an `ip:port`; the address without the brackets of IPv6. */
export function hostPort(endpoint: string): { readonly host: string; readonly port: number } {
  const cut = endpoint.lastIndexOf(":");
  const host = endpoint.slice(0, cut);
  return { host: host.startsWith("[") ? host.slice(1, -1) : host, port: Number(endpoint.slice(cut + 1)) };
}

/** `ip:port` with another port, or the same one where `port` is null. */
export function withPort(endpoint: string, port: number | null): string {
  return port === null ? endpoint : `${endpoint.slice(0, endpoint.lastIndexOf(":"))}:${port}`;
}
