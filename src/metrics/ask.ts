import { Client } from "undici";
import { networkFailure } from "../core/network.ts";
import type { Ms } from "../core/units.ts";
import { bodyOf, header, Refused, textOf } from "./body.ts";

/** An HTTP request for a number. */
export type Question = {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Certificates (PEM) to trust instead of the usual ones, or null. */
  readonly ca: string | null;
  /** Over all: connecting, headers and body. */
  readonly timeoutMs: Ms;
  /** Largest body, in bytes once unpacked. */
  readonly mostBytes: number;
  /** Ends the request early. */
  readonly signal: AbortSignal;
};

/** An answer in JSON, whatever its status; or why there is none, to be read after the address. */
export type Answered =
  | { readonly ok: true; readonly status: number; readonly json: unknown }
  | { readonly ok: false; readonly reason: string };

/** What OpenSSL says of certificates that it does not trust. */
const UNTRUSTED = /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|ERR_TLS_CERT)/;

/** Asks once. Never rejects, follows no redirect, holds no connection afterwards. */
export async function ask(question: Question): Promise<Answered> {
  const { url, timeoutMs, signal } = question;
  const deadline = AbortSignal.timeout(timeoutMs);
  const client = new Client(url.origin, {
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: timeoutMs, ...(question.ca === null ? {} : { ca: question.ca }) },
  });
  try {
    const answer = await client.request({
      method: question.method,
      path: `${url.pathname}${url.search}`,
      headers: { accept: "application/json", "accept-encoding": "gzip", ...question.headers },
      body: question.body,
      reset: true,
      signal: AbortSignal.any([deadline, signal]),
    });
    const status = answer.statusCode;
    // Where it leads may hold a token, and so is not told.
    if (status >= 300 && status < 400) throw new Refused(`answered ${status}, a redirect; redirects are not followed`);
    const text = textOf(await bodyOf(answer, question.mostBytes));
    return { ok: true, status, json: parsed(text, mediaOf(header(answer, "content-type")), status) };
  } catch (error) {
    if (signal.aborted) return { ok: false, reason: "was not read: Sluice is stopping" };
    if (deadline.aborted) return { ok: false, reason: `did not answer within ${timeoutMs / 1000} s` };
    return { ok: false, reason: error instanceof Refused ? error.message : failureOf(error) };
  } finally {
    await client.destroy();
  }
}

function mediaOf(type: string): string {
  return (type.toLowerCase().split(";")[0] ?? "").trim();
}

/** An error that is no JSON is told by its status alone. */
function parsed(text: string, media: string, status: number): unknown {
  const good = status >= 200 && status < 300;
  const wanted = media === "" || media === "application/json" || media === "text/json" || media.endsWith("+json");
  if (!good && !wanted) return null;
  if (!wanted) throw new Refused(`answered ${media}, wants application/json`);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    if (!good) return null;
    throw new Refused(text === "" ? "answered nothing, wants JSON" : "answered text that is not JSON");
  }
}

function failureOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return UNTRUSTED.test(code)
    ? `has a certificate that is not trusted (${code}); name the file of its authority with ca:`
    : networkFailure(error);
}
