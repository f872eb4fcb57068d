import { Client, type Dispatcher } from "undici";
import { networkFailure } from "../core/network.ts";
import type { Ms } from "../core/units.ts";
import { bodyOf, header, Refused, textOf } from "./body.ts";
import type { Format } from "./exposition.ts";

/** A metrics page, or why there is none, to be read after the address. */
export type Fetched =
  | { readonly ok: true; readonly text: string; readonly format: Format }
  /** `content` where there was a page that is none, as opposed to no page at all. */
  | { readonly ok: false; readonly reason: string; readonly content: boolean };

export type PageRequest = {
  /** `http://ip:port`. */
  readonly origin: string;
  readonly path: string;
  /** Over all: connecting, headers and body. */
  readonly timeoutMs: Ms;
  /** Largest page, in bytes once unpacked. */
  readonly mostBytes: number;
  /** Ends the request early. */
  readonly signal: AbortSignal;
};

/** Both formats are read in full; the plain one is preferred because fewer libraries get it wrong. */
const ACCEPT = "text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1";

/** Reads one page. Never rejects; holds no connection afterwards; keeps at most `mostBytes` and a chunk in memory. */
export async function fetchPage(request: PageRequest): Promise<Fetched> {
  const deadline = AbortSignal.timeout(request.timeoutMs);
  const client = new Client(request.origin, {
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: request.timeoutMs },
  });
  let answered = false;
  try {
    const answer = await client.request({
      method: "GET",
      path: request.path,
      headers: { accept: ACCEPT, "accept-encoding": "gzip" },
      // One connection a read: an idle one would count as in flight while the member is drained.
      reset: true,
      signal: AbortSignal.any([deadline, request.signal]),
    });
    refuseStatus(answer);
    answered = true;
    const format = formatOf(answer);
    const body = await bodyOf(answer, request.mostBytes);
    return { ok: true, format, text: decode(answer, body, format) };
  } catch (error) {
    if (request.signal.aborted) return { ok: false, content: false, reason: "was not read: Sluice is stopping" };
    if (deadline.aborted)
      return { ok: false, content: false, reason: `did not send its page within ${request.timeoutMs / 1000} s` };
    const refused = error instanceof Refused;
    return { ok: false, content: answered && refused, reason: refused ? error.message : networkFailure(error) };
  } finally {
    await client.destroy();
  }
}

function refuseStatus(answer: Dispatcher.ResponseData): void {
  const { statusCode } = answer;
  if (statusCode >= 300 && statusCode < 400) {
    throw new Refused(
      `answered ${statusCode}, a redirect to ${header(answer, "location") || "nowhere"}; redirects are not followed`,
    );
  }
  if (statusCode !== 200) throw new Refused(`answered ${statusCode}, wants 200`);
}

function formatOf(answer: Dispatcher.ResponseData): Format {
  const type = header(answer, "content-type");
  const [media = "", ...parameters] = type
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  const charset = parameters
    .find((part) => part.startsWith("charset="))
    ?.slice("charset=".length)
    .replaceAll('"', "");
  if (charset !== undefined && charset !== "utf-8" && charset !== "utf8" && charset !== "us-ascii") {
    throw new Refused(`answered in the character set ${charset}, wants utf-8`);
  }
  if (media === "application/openmetrics-text") return "openmetrics";
  // No type at all leaves it to the reader to guess (RFC 9110, 8.3): anything but metrics fails in the parser.
  if (media === "text/plain" || media === "") return "text";
  throw new Refused(`answered ${media}, wants text/plain or application/openmetrics-text`);
}

function decode(answer: Dispatcher.ResponseData, body: Buffer, format: Format): string {
  const text = textOf(body);
  // The end of the connection is then the only sign of the end, and a cut-off number reads like a whole one.
  const framed = header(answer, "content-length") !== "" || header(answer, "transfer-encoding") !== "";
  if (!framed && format === "text" && text !== "" && !text.endsWith("\n")) {
    throw new Refused("sent neither a length nor chunks, and a last line without an end: the page may be cut off");
  }
  return text;
}
