import type { IncomingMessage, RequestOptions } from "node:http";
import { createRequire } from "node:module";
import type { ConnectionOptions, SecureContextOptions } from "node:tls";
import type { Answer, Fetch } from "../client/http.ts";
import type { Trust } from "./address.ts";

/** An import of these would read all that they export, and load with WebSocket the very library that is avoided here. */
const required = createRequire(import.meta.url);

/** One request. */
export type Call = {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** The unix socket to go through, or null for TCP. */
  readonly socket: string | null;
  /** Of TLS: what the certificate is held against; null for what Node does by itself. */
  readonly trust: Trust | null;
  readonly signal: AbortSignal | null;
};

/**
 * Asks over HTTP, follows no redirect, and rejects as fetch does.
 *
 * It is not fetch because most commands are one short request, and fetch takes longer to load than all the rest of such a command;
 * and because fetch knows no unix sockets.
 */
function exchange(url: string, call: Call): Promise<Answer> {
  const { request } = required(url.startsWith("https:") ? "node:https" : "node:http") as typeof import("node:http");
  const options: RequestOptions = {
    method: call.method,
    headers: call.headers,
    ...(call.trust === null ? {} : trusting(call.trust)),
  };
  if (call.socket !== null) options.socketPath = call.socket;
  if (call.signal !== null) options.signal = call.signal;
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (message) => resolve(answerOf(message, call.signal)));
    sent.on("error", (error) => reject(call.signal?.aborted === true ? call.signal.reason : error));
    sent.end(call.body);
  });
}

/** The same in the form of fetch, for the typed client. */
export function fetchOver({ socket, trust }: Pick<Call, "socket" | "trust">): Fetch {
  return (url, { method, headers, body = null, signal = null }) =>
    exchange(url, { method, headers, body, socket, trust, signal });
}

/** The controller of this machine need not be called by a name of its certificate: it is known by being the one that was configured. */
function trusting(trust: Trust): SecureContextOptions & Pick<ConnectionOptions, "checkServerIdentity"> {
  if ("ca" in trust) return { ca: trust.ca };
  const known = trust.own.filter((pem) => rawOf(pem) !== null);
  const own = known.flatMap((pem) => rawOf(pem) ?? []);
  const check = (_host: string, { raw }: { readonly raw: Buffer }) =>
    own.some((one) => one.equals(raw))
      ? undefined
      : new Error("its certificate is neither the one that Sluice said it serves nor that of api.tls.cert");
  // The certificate itself is trusted, whoever signed it, so it need not be one of an authority.
  return { ca: known, allowPartialTrustChain: true, checkServerIdentity: check };
}

/** Null for what is no certificate: the file of the configuration may be half written, and the one that is served is another. */
function rawOf(pem: string): Buffer | null {
  const { X509Certificate } = required("node:crypto") as typeof import("node:crypto");
  try {
    return new X509Certificate(pem).raw;
  } catch {
    return null;
  }
}

function answerOf(message: IncomingMessage, signal: AbortSignal | null): Answer {
  const status = message.statusCode ?? 0;
  const body = chunks(message, signal);
  const text = async () => {
    const parts: Uint8Array[] = [];
    for await (const chunk of body) parts.push(chunk);
    return Buffer.concat(parts).toString("utf8");
  };
  const get = (name: string) => {
    const value = message.headers[name.toLowerCase()];
    return value === undefined ? null : String(value);
  };
  return { ok: status >= 200 && status < 300, status, headers: { get }, body, text, json: async () => JSON.parse(await text()) };
}

async function* chunks(message: IncomingMessage, signal: AbortSignal | null): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of message) yield chunk as Buffer;
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw new TypeError("the connection was cut off", { cause: error });
  }
}
