/** What is wrong in a line, and where; `column` counts from 1. Thrown by a cursor, caught once per line or selector. */
export class Fault extends Error {
  readonly column: number;
  constructor(column: number, message: string) {
    super(message);
    this.name = "Fault";
    this.column = column;
  }
}

/** What an unknown escape does: `keep` leaves it as it is written, `refuse` is a fault. */
type Unknown = "keep" | "refuse";

/** A place in one line of text. Reads forward only; each complaint carries the column. */
export class Cursor {
  readonly line: string;
  at = 0;

  constructor(line: string) {
    this.line = line;
  }

  get done(): boolean {
    return this.at >= this.line.length;
  }

  /** The character here; empty at the end. */
  get here(): string {
    return this.line.charAt(this.at);
  }

  /** Skips blanks and tabs, and tells whether there were any. */
  blanks(): boolean {
    const start = this.at;
    for (;;) {
      const code = this.line.charCodeAt(this.at);
      if (code !== 32 && code !== 9) return this.at > start;
      this.at += 1;
    }
  }

  /** What a sticky pattern matches here, or null. */
  take(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.line);
    if (found === null) return null;
    this.at = pattern.lastIndex;
    return found[0];
  }

  /** True, and past it, where the text goes on with `text`. */
  skip(text: string): boolean {
    if (!this.line.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  expect(text: string, where: string): void {
    if (!this.skip(text)) this.fail(`wants ${JSON.stringify(text)} ${where}, has ${this.shown()}`);
  }

  /** What stands here, for people. */
  shown(): string {
    return this.done ? "the end of the line" : JSON.stringify(String.fromCodePoint(this.line.codePointAt(this.at) ?? 0));
  }

  fail(message: string, at: number = this.at): never {
    throw new Fault(at + 1, message);
  }

  /** A string in double quotes with the escapes of the exposition formats: `\\`, `\"` and `\n`. */
  quoted(unknown: Unknown, what: string): string {
    const start = this.at;
    this.expect('"', `before ${what}`);
    const end = this.line.indexOf('"', this.at);
    const plain = end < 0 ? "" : this.line.slice(this.at, end);
    if (end >= 0 && !plain.includes("\\")) {
      this.at = end + 1;
      return plain;
    }
    return this.#escaped(unknown, what, start);
  }

  #escaped(unknown: Unknown, what: string, start: number): string {
    let text = "";
    for (;;) {
      if (this.done) this.fail(`${what} has no closing quote on its line`, start);
      const char = this.here;
      this.at += 1;
      if (char === '"') return text;
      if (char === "\\") text += this.#escape(unknown, what, start);
      else text += char;
    }
  }

  #escape(unknown: Unknown, what: string, start: number): string {
    if (this.done) this.fail(`${what} has no closing quote on its line`, start);
    const char = this.here;
    this.at += 1;
    if (char === "\\" || char === '"') return char;
    if (char === "n") return "\n";
    if (unknown === "refuse") this.fail(`unknown escape \\${char} in ${what}; \\\\, \\" and \\n are known`, this.at - 2);
    return `\\${char}`;
  }
}
