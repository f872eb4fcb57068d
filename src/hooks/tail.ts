import { stripVTControlCharacters } from "node:util";
import type { Confidence } from "../secrets/confidence.ts";

/** As much of what a hook said is kept. */
const MOST_CHARACTERS = 8_000;
/** More is held than shown, so that no secret is cut before it is found. */
const MOST_BYTES = 64_000;

/** The end of what a program says, in bounded memory however much that is. */
export class Tail {
  #chunks: Buffer[] = [];
  #bytes = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    for (let first = this.#chunks[0]; first !== undefined && this.#bytes - first.length >= MOST_BYTES; first = this.#chunks[0]) {
      this.#bytes -= first.length;
      this.#chunks.shift();
    }
  }

  /** Fit to be shown: without secrets and without what would move a terminal's cursor. */
  text(confidence: Confidence): string {
    return shownEnd(Buffer.concat(this.#chunks).toString("utf8"), confidence);
  }
}

/** The end of a text over several lines, fit to be shown. */
export function shownEnd(text: string, confidence: Confidence): string {
  const plain = stripVTControlCharacters(confidence.redacted(text)).replaceAll("\r\n", "\n");
  const safe = plain.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g, " ").trimEnd();
  return safe.length > MOST_CHARACTERS ? `…${safe.slice(1 - MOST_CHARACTERS)}` : safe;
}

export function lastLine(text: string): string {
  return text.slice(text.lastIndexOf("\n") + 1).trim();
}
