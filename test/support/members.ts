import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/**
 * A small real HTTP server that stands for one member of a pool.
 *
 * It answers its name as the body, with its version in the header `x-version`; `/healthz` and `/metrics` answer what they are
 * told to, and are not counted as requests.
 */
export type MemberOptions = {
  /** Answered as the body. */
  readonly name: string;
  /** Answered in `x-version`; the name where nothing else is said. Tests use the pool's name. */
  readonly version?: string;
  /** 0 (any free port) where nothing else is said. */
  readonly port?: number;
  /** `127.0.0.1` where nothing else is said; `::1` for IPv6. */
  readonly host?: string;
};

export type Seen = { readonly method: string; readonly url: string; readonly headers: IncomingMessage["headers"] };

export type MemberServer = AsyncDisposable & {
  readonly name: string;
  readonly version: string;
  /** `ip:port`, IPv6 in brackets. */
  readonly address: string;
  readonly port: number;
  /** Requests that are neither health checks nor scrapes, since the start or the last `reset`. */
  readonly count: number;
  /** Connections that were ever opened to it. */
  readonly connections: number;
  /** The newest request, or null. */
  readonly last: Seen | null;
  reset(): void;
  /** The status of ordinary answers, 200 at first; a function decides per request. */
  setStatus(status: number | (() => number)): void;
  /** The status of `/healthz`, 200 at first. */
  setHealth(status: number): void;
  /** Waits this long before each ordinary answer; a function decides per request. */
  setDelay(delayMs: number | (() => number)): void;
  /** Holds each ordinary answer until this resolves. */
  setGate(gate: Promise<void>): void;
  /** The body of `/metrics`; a function is asked per scrape. Without it, `/metrics` answers 404. */
  setMetrics(text: string | (() => string)): void;
  /** True: takes connections, and drops each request without an answer. */
  setDropping(dropping: boolean): void;
  /** Stops listening and ends every connection, like a process that was killed. */
  die(): Promise<void>;
  /** Listens again on the same port. */
  revive(): Promise<void>;
};

export async function startMember(options: MemberOptions): Promise<MemberServer> {
  const { name, version = name, host = "127.0.0.1" } = options;
  let status: number | (() => number) = 200;
  let health = 200;
  let delayMs: number | (() => number) = 0;
  let gate: Promise<void> | null = null;
  let metrics: string | (() => string) | null = null;
  let dropping = false;
  let count = 0;
  let connections = 0;
  let last: Seen | null = null;

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    if (dropping) return void request.socket.destroy();
    if (request.url === "/healthz") return void response.writeHead(health).end("health\n");
    if (request.url === "/metrics") {
      if (metrics === null) return void response.writeHead(404).end();
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4" });
      return void response.end(typeof metrics === "function" ? metrics() : metrics);
    }
    count += 1;
    last = { method: request.method ?? "", url: request.url ?? "", headers: request.headers };
    const now = typeof status === "function" ? status() : status;
    const say = () => response.writeHead(now, { "x-version": version, "content-type": "text/plain" }).end(name);
    request.resume();
    const waitMs = typeof delayMs === "function" ? delayMs() : delayMs;
    if (gate !== null) void gate.then(say);
    else if (waitMs > 0) setTimeout(say, waitMs);
    else say();
  };

  const server = createServer({ keepAliveTimeout: 60_000 }, answer);
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port, host }, () => {
        server.off("error", reject);
        resolve();
      });
    });
  const die = () =>
    new Promise<void>((resolve) => {
      if (!server.listening) return resolve();
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });

  await listen(options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  return {
    name,
    version,
    port,
    address: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
    get count() {
      return count;
    },
    get connections() {
      return connections;
    },
    get last() {
      return last;
    },
    reset() {
      count = 0;
    },
    setStatus(next) {
      status = next;
    },
    setHealth(next) {
      health = next;
    },
    setDelay(next) {
      delayMs = next;
    },
    setMetrics(next) {
      metrics = next;
    },
    setGate(next: Promise<void>) {
      gate = next;
    },
    setDropping(next) {
      dropping = next;
    },
    die,
    revive: () => listen(port),
    [Symbol.asyncDispose]: die,
  };
}
