/**
 * nginx's grammar, read with file and line and without ever throwing: what cannot be read is a problem beside what could.
 *
 * The rules are those of nginx's own reader: a quote opens a string only at the start of a token, `#` a comment only there
 * too, a backslash takes the next character as it is, and `${name}` inside a token opens no block.
 */

/** A part of a configuration that could not be read. */
export type Problem = {
  readonly code: "unparsable" | "include-missing" | "include-loop" | "unreadable";
  readonly file: string;
  readonly line: number;
  readonly message: string;
};

/** One directive of one file, before includes are followed. Lines count from 1. */
export type Statement = {
  readonly name: string;
  readonly args: readonly string[];
  /** Line of the first token. */
  readonly line: number;
  /** Line of the `{`, or null where the directive ends with `;`. */
  readonly openLine: number | null;
  /** Line of the `;` or of the closing `}`. */
  readonly endLine: number;
  readonly block: readonly Statement[] | null;
};

type Open = { name: string; args: readonly string[]; line: number; openLine: number; block: Statement[] };
type Token = { readonly kind: "word" | ";" | "{" | "}" | "end" | "broken"; readonly text: string; readonly line: number };

const DEEPEST = 100;

/** One file as it was read. */
export type Parsed = { readonly statements: readonly Statement[]; readonly problems: readonly Problem[] };

/** Reads one file. */
export function parseStatements(file: string, text: string): Parsed {
  const reader = new Reader(text);
  const root: Statement[] = [];
  const stack: Open[] = [];
  const problems: Problem[] = [];
  const problem = (line: number, message: string) => problems.push({ code: "unparsable", file, line, message });
  let words: Token[] = [];
  for (let token = reader.next(); ; token = reader.next()) {
    if (token.kind === "word") {
      words.push(token);
      continue;
    }
    const [first, ...rest] = words;
    const block = stack.at(-1)?.block ?? root;
    words = [];
    if (first !== undefined && token.kind !== "{") {
      const args = rest.map((word) => word.text);
      block.push({ name: first.text, args, line: first.line, openLine: null, endLine: token.line, block: null });
      if (token.kind !== ";") problem(first.line, `the directive "${first.text}" is not ended by ";"`);
    }
    if (token.kind === "broken") problem(token.line, token.text);
    if (token.kind === "{") {
      if (first === undefined) problem(token.line, 'a "{" stands where a directive should');
      if (stack.length === DEEPEST) {
        problem(token.line, `blocks are nested deeper than ${DEEPEST}`);
        break;
      }
      const name = first?.text ?? "";
      stack.push({ name, args: rest.map((word) => word.text), line: first?.line ?? token.line, openLine: token.line, block: [] });
      if (name.endsWith("_by_lua_block")) reader.skipCode();
    }
    if (token.kind === ";" && first === undefined) problem(token.line, 'a ";" stands where a directive should');
    if (token.kind === "}" && !close(root, stack, token.line)) problem(token.line, 'a "}" has no "{"');
    if (token.kind === "end" || token.kind === "broken") break;
  }
  for (const open of [...stack]) problem(open.openLine, `the block "${open.name}" that begins here is never closed`);
  while (close(root, stack, reader.line));
  return { statements: root, problems };
}

/** The arguments of every include in a file, in order. */
export function includes(statements: readonly Statement[]): string[] {
  return statements.flatMap((statement) => {
    if (statement.block !== null) return includes(statement.block);
    return statement.name === "include" && statement.args[0] !== undefined ? [statement.args[0]] : [];
  });
}

function close(root: Statement[], stack: Open[], endLine: number): boolean {
  const open = stack.pop();
  if (open === undefined) return false;
  (stack.at(-1)?.block ?? root).push({ ...open, endLine });
  return true;
}

const SPECIAL: Readonly<Record<string, string>> = { '"': '"', "'": "'", "\\": "\\", t: "\t", r: "\r", n: "\n" };

/** What a token without quotes goes on with, up to the next character that may mean something. */
const PLAIN = /[^ \t\r\n;{\\]*/y;

class Reader {
  readonly #text: string;
  #at = 0;
  line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  next(): Token {
    this.#skipSpace();
    const char = this.#text[this.#at];
    const line = this.line;
    if (char === undefined) return { kind: "end", text: "", line };
    if (char === ";" || char === "{" || char === "}") {
      this.#at += 1;
      return { kind: char, text: char, line };
    }
    return char === '"' || char === "'" ? this.#quoted(char, line) : this.#bare(line);
  }

  /** Goes to the `}` that closes a block of program text, so that its own braces and semicolons mean nothing here. */
  skipCode(): void {
    for (let depth = 0; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text[this.#at];
      if (char === "\n") this.line += 1;
      if (char === "{") depth += 1;
      if (char === "}") {
        if (depth === 0) return;
        depth -= 1;
      }
    }
  }

  #skipSpace(): void {
    for (; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text[this.#at];
      if (char === "#") {
        const end = this.#text.indexOf("\n", this.#at);
        this.#at = end === -1 ? this.#text.length : end;
      }
      const here = this.#text[this.#at];
      if (here === "\n") this.line += 1;
      else if (here !== " " && here !== "\t" && here !== "\r") return;
    }
  }

  #quoted(quote: string, line: number): Token {
    let text = "";
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text[this.#at] as string;
      if (char === quote) {
        this.#at += 1;
        return { kind: "word", text, line };
      }
      text += char === "\\" ? this.#escaped() : char;
      if (char === "\n") this.line += 1;
    }
    return { kind: "broken", text: "the string that begins here is never closed", line };
  }

  #bare(line: number): Token {
    let text = "";
    for (;;) {
      PLAIN.lastIndex = this.#at;
      const plain = PLAIN.exec(this.#text)?.[0] ?? "";
      text += plain;
      this.#at += plain.length;
      const char = this.#text[this.#at];
      if (char === "{" && text.endsWith("$")) text += char;
      else if (char === "\\") text += this.#escaped();
      else return { kind: "word", text, line };
      this.#at += 1;
    }
  }

  /** What a backslash and the next character mean; leaves the reader on that character. */
  #escaped(): string {
    this.#at += 1;
    const next = this.#text[this.#at] ?? "";
    if (next === "\n") this.line += 1;
    return SPECIAL[next] ?? `\\${next}`;
  }
}
