import type { Fetch } from "../core/service.ts";
import type { Ms } from "../core/units.ts";
import { fileText, Unaskable } from "../secrets/confidence.ts";
import { type Answered, ask } from "./ask.ts";
import type { Asking } from "./ready-number.ts";

/** One number is a line; ten thousand of them are a mistake, or an attack. */
const MOST_BYTES = 1_000_000;

export type Request = {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly body: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: Ms;
};

/** Sends a request with a metric's headers, credentials and certificates. Rejects with an `Unaskable`. */
export async function fetchJson(metric: Fetch, request: Request, { confidence, signal }: Asking): Promise<Answered> {
  const headers: Record<string, string> = { ...request.headers };
  for (const [name, value] of Object.entries(metric.headers))
    headers[name] = sendable(await confidence.secret(value), `the header ${name}`);
  const { auth } = metric;
  if (auth?.by === "bearer") headers.authorization = `Bearer ${sendable(await confidence.secret(auth.token), "the token")}`;
  if (auth?.by === "basic") {
    const pair = `${confidence.text(auth.user)}:${await confidence.secret(auth.password)}`;
    confidence.hide(pair);
    headers.authorization = `Basic ${Buffer.from(pair).toString("base64")}`;
  }
  const ca = metric.ca === null ? null : await fileText(metric.ca);
  return ask({ ...request, headers, ca, mostBytes: MOST_BYTES, signal });
}

/** The parsed address. Throws an `Unaskable` that does not repeat it: it may hold what nobody should see. */
export function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new Unaskable("the url is not an address that starts with http:// or https://");
  return url;
}

/** An address as it is written in the configuration, variables and all, without what may hold a secret. */
export function placeOf(written: string): string {
  return written.split(/[?#]/, 1)[0] ?? "";
}

function sendable(value: string, what: string): string {
  if (/^[\t\x20-\x7e]+$/.test(value)) return value;
  throw new Unaskable(`${what} holds a character that cannot be sent in a header, or nothing`);
}
