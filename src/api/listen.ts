import { chmod, lstat, unlink } from "node:fs/promises";
import { connect, isIPv4 } from "node:net";
import type { FastifyInstance } from "fastify";
import type { Auth, Listen } from "./options.ts";

const EVERYWHERE = new Set(["0.0.0.0", "::"]);

/** Throws where everybody on the network could drive the traffic. */
export function assertGuarded(listen: Listen, auth: Auth): void {
  if (auth.kind === "token" || "unix" in listen || isLoopback(listen.host)) return;
  throw new Error(
    `api: auth: none is for loopback addresses and unix sockets, not for ${listen.host}. Leave auth out, or listen on 127.0.0.1.`,
  );
}

/** Names that a Host header may have because the API listens there. */
export function ownHosts(listen: Listen): readonly string[] {
  if ("unix" in listen || EVERYWHERE.has(listen.host)) return [];
  return [inUrl(listen.host)];
}

/** Starts to listen; answers where, as a URL or `unix:path`. */
export async function startListening(app: FastifyInstance, listen: Listen, tls: boolean): Promise<string> {
  try {
    if ("unix" in listen) return await listenOnSocket(app, listen.unix);
    await app.listen({ host: listen.host, port: listen.port });
    const bound = app.server.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : listen.port;
    return `${tls ? "https" : "http"}://${inUrl(listen.host)}:${port}`;
  } catch (error) {
    throw unable(listen, error);
  }
}

/** Members of the socket's group may connect; everybody else is kept out by the file system. */
async function listenOnSocket(app: FastifyInstance, path: string): Promise<string> {
  await removeLeftOver(path);
  await app.listen({ path });
  await chmod(path, 0o660);
  return `unix:${path}`;
}

/** A process that was killed leaves its socket behind: it is removed where nobody answers on it. */
async function removeLeftOver(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found?.isSocket() === true && !(await answers(path))) await unlink(path);
}

function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once("connect", () => resolve(true));
  // Only a refusal says that nobody is there; without the right to connect, it may be in use.
  socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
  return promise.finally(() => socket.destroy());
}

function unable(listen: Listen, error: unknown): Error {
  const where = "unix" in listen ? `unix:${listen.unix}` : `${inUrl(listen.host)}:${listen.port}`;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: "it is in use already. Stop what listens there (perhaps another Sluice), or set another api.listen",
    EACCES: "this user may not listen there. Choose a port above 1023, or a folder that it may write to",
    EADDRNOTAVAIL: "this machine does not have that address. Set another api.listen",
    ENOENT: "the folder of the socket does not exist. Make it, or set another api.listen",
  };
  return new Error(`The API cannot listen on ${where}: ${why[code] ?? String(error)}.`, { cause: error });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

function inUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
