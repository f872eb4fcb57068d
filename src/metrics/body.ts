import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Dispatcher } from "undici";

/** An answer that is no answer, to be read after the address. Normal, and so a value at the edge of what asks. */
export class Refused extends Error {}

/** The body of an answer, unpacked; at most `mostBytes` and a chunk are held. Rejects with a `Refused`. */
export async function bodyOf(answer: Dispatcher.ResponseData, mostBytes: number): Promise<Buffer> {
  const tooLarge = `sent more than ${mostBytes / 1e6} MB`;
  if (Number(header(answer, "content-length") || 0) > mostBytes) throw new Refused(tooLarge);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of unpacked(answer)) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Refused(tooLarge);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

async function* unpacked(answer: Dispatcher.ResponseData): AsyncGenerator<Buffer> {
  const encoding = header(answer, "content-encoding").toLowerCase();
  if (encoding === "" || encoding === "identity") {
    yield* answer.body as AsyncIterable<Buffer>;
    return;
  }
  if (encoding !== "gzip" && encoding !== "x-gzip") throw new Refused(`answered in the encoding ${encoding}, wants gzip or none`);
  yield* gunzipped(answer.body);
}

/** Unpacks a stream at the pace of the reader, so that little input cannot become much memory. */
async function* gunzipped(body: Readable): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  const broken = (error: Error) => gunzip.destroy(error);
  body.once("error", broken);
  body.pipe(gunzip);
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "Z_DATA_ERROR" || error.code === "Z_BUF_ERROR")) {
      throw new Refused(`sent gzip that cannot be unpacked: ${error.message}`);
    }
    throw error;
  } finally {
    body.off("error", broken);
    gunzip.destroy();
  }
}

/** A body as text. Throws a `Refused` that says where it is none. */
export function textOf(body: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    const { line, column } = notUtf8(body);
    throw new Refused(`sent text that is not UTF-8, at line ${line} column ${column}`);
  }
}

/** Where the first character stands that is not UTF-8. */
function notUtf8(body: Buffer): { readonly line: number; readonly column: number } {
  const decoded = new TextDecoder("utf-8", { ignoreBOM: true }).decode(body);
  // The first replacement that the text did not have itself: up to there, both are the same bytes.
  let at = decoded.indexOf("\ufffd");
  while (at >= 0 && Buffer.from(decoded.slice(0, at + 1)).equals(body.subarray(0, Buffer.byteLength(decoded.slice(0, at + 1)))))
    at = decoded.indexOf("\ufffd", at + 1);
  const before = decoded.slice(0, Math.max(0, at)).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** A header of an answer; empty where there is none. */
export function header(answer: Dispatcher.ResponseData, name: string): string {
  const value = answer.headers[name];
  return (Array.isArray(value) ? value.join(", ") : (value ?? "")).trim();
}
