import { Client, type Dispatcher } from "undici";
import { networkFailure } from "../core/network.ts";
import type { Ms } from "../core/units.ts";

/** One HTTP call. */
export type Call = {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Certificates (PEM) to trust instead of the usual ones, or null. */
  readonly ca: string | null;
  /** Over all: connecting, headers and body. */
  readonly timeoutMs: Ms;
};

/** What was answered, whatever its status; or why nothing was, to be read after the address. */
export type Posted =
  | { readonly is: "answered"; readonly status: number; readonly text: string; readonly retryAfter: string }
  | { readonly is: "unanswered"; readonly reason: string };

/** Of an answer, no more is read. */
const MOST_BYTES = 64_000;
const MOST_CHARACTERS = 8_000;

/** Posts once. Never rejects, follows no redirect, holds no connection afterwards. */
export async function post(call: Call, signal: AbortSignal): Promise<Posted> {
  const { url, timeoutMs } = call;
  const deadline = AbortSignal.timeout(timeoutMs);
  const client = new Client(url.origin, {
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: timeoutMs, ...(call.ca === null ? {} : { ca: call.ca }) },
  });
  try {
    const answer = await client.request({
      method: "POST",
      path: `${url.pathname}${url.search}`,
      headers: { ...call.headers, "accept-encoding": "identity" },
      body: call.body,
      reset: true,
      signal: AbortSignal.any([deadline, signal]),
    });
    return { is: "answered", status: answer.statusCode, text: await textOf(answer), retryAfter: headerOf(answer, "retry-after") };
  } catch (error) {
    if (signal.aborted) return { is: "unanswered", reason: "was not waited for: it is no longer wanted, or Sluice is stopping" };
    if (deadline.aborted) return { is: "unanswered", reason: `did not answer within ${timeoutMs / 1_000} s` };
    return { is: "unanswered", reason: failureOf(error) };
  } finally {
    await client.destroy();
  }
}

/** The beginning of an answer. What it said counts, not that it went on for ever. */
async function textOf(answer: Dispatcher.ResponseData): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= MOST_BYTES) break;
  }
  return Buffer.concat(chunks).toString("utf8").slice(0, MOST_CHARACTERS);
}

function headerOf(answer: Dispatcher.ResponseData, name: string): string {
  const value = answer.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? "";
}

/** What OpenSSL says of certificates that it does not trust. */
const UNTRUSTED = /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|ERR_TLS_CERT)/;

function failureOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return UNTRUSTED.test(code)
    ? `has a certificate that is not trusted (${code}); name the file of its authority with ca:`
    : networkFailure(error);
}
