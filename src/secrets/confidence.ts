import { readFile } from "node:fs/promises";
import type { Secret } from "../core/secret.ts";

/** Fills in `${NAME}` from the environment; what is wrong is said without what any variable holds. */
export type Fill = (
  text: string,
) => { readonly is: "filled"; readonly text: string } | { readonly is: "wrong"; readonly message: string };

/** Something that cannot be asked for or done, in words. Normal, and so a value at the edge of what asks. */
export class Unaskable extends Error {}

/** Shorter ones would blot out half of a message, and are no secrets. */
const LEAST_HIDDEN = 4;
const MOST_SECRET_BYTES = 65_536;

/** What one asking was told in confidence: reveals texts when they are needed, and keeps them out of what people are told. */
export class Confidence {
  readonly #fill: Fill;
  readonly #known = new Set<string>();

  constructor(fill: Fill) {
    this.#fill = fill;
  }

  /** A text with its variables filled in. Throws an `Unaskable`. */
  text(written: string): string {
    const filled = this.#fill(written);
    if (filled.is === "wrong") throw new Unaskable(filled.message);
    for (const [variable] of written.matchAll(/\$\{[^}]*\}/g)) {
      const one = this.#fill(variable);
      if (one.is === "filled") this.hide(one.text);
    }
    return filled.text;
  }

  /** What a secret holds; of a file, its first line. Rejects with an `Unaskable`. */
  async secret(secret: Secret): Promise<string> {
    if (secret.from === "text") return this.text(secret.text);
    const held = await fileText(secret.path);
    const [first = ""] = held.slice(0, MOST_SECRET_BYTES).split(/\r?\n/, 1);
    if (first === "") throw new Unaskable(`the file ${secret.path} is empty; its first line is to be the secret`);
    this.hide(first);
    return first;
  }

  /** Keeps a text, in the forms in which it travels, out of all that is shown. */
  hide(text: string): void {
    if (text.length < LEAST_HIDDEN) return;
    for (const form of [text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1), Buffer.from(text).toString("base64")])
      this.#known.add(form);
  }

  /** A text without anything that was told in confidence. */
  redacted(text: string): string {
    let safe = text;
    for (const one of [...this.#known].sort((a, b) => b.length - a.length)) safe = safe.replaceAll(one, "***");
    return safe;
  }

  /** A text that is fit to be shown: one line, at most 300 characters, nothing in it that was told in confidence. */
  shown(text: string): string {
    const line = this.redacted(text)
      .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ")
      .trim();
    return line.length > 300 ? `${line.slice(0, 299)}…` : line;
  }
}

/** The text of a file that a setting names. Rejects with an `Unaskable`. */
export async function fileText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new Unaskable(`the file ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown reason"})`);
  }
}
