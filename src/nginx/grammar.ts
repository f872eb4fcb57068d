/** One directive of an nginx configuration: its words, and its block where it has one. */
export type Directive = {
  readonly words: readonly string[];
  /** Null where the directive ends in `;`. */
  readonly block: readonly Directive[] | null;
  /** From 1. */
  readonly line: number;
};

/** Text that nginx could not read either. */
export class GrammarError extends Error {
  /** From 1. */
  readonly line: number;
  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.name = "GrammarError";
    this.line = line;
  }
}

type Token = { readonly is: "word" | ";" | "{" | "}"; readonly text: string; readonly line: number };

/**
 * Reads a configuration the way nginx does (`ngx_conf_read_token`): quotes, escapes, comments, and `${…}`, whose brace opens
 * no block. Blocks of Lua are not known. Throws a `GrammarError`.
 */
export function parse(text: string): readonly Directive[] {
  const root: Directive[] = [];
  const open: { readonly into: Directive[]; readonly line: number }[] = [{ into: root, line: 0 }];
  let words: string[] = [];
  let line = 1;
  for (const token of tokens(text)) {
    const into = open.at(-1)?.into ?? root;
    if (token.is === "word") {
      if (words.length === 0) line = token.line;
      words.push(token.text);
      continue;
    }
    if (token.is === "}") {
      if (words.length > 0 || open.length === 1) throw new GrammarError(token.line, 'unexpected "}"');
      open.pop();
      continue;
    }
    if (words.length === 0) throw new GrammarError(token.line, `unexpected "${token.is}"`);
    const block: Directive[] | null = token.is === "{" ? [] : null;
    into.push({ words, block, line });
    if (block !== null) open.push({ into: block, line });
    words = [];
  }
  const last = open.at(-1);
  if (last !== undefined && open.length > 1) throw new GrammarError(last.line, 'this block has no "}"');
  if (words.length > 0) throw new GrammarError(line, `"${words[0]}" has no ";"`);
  return root;
}

/** The first place where two texts differ in structure: words per directive and blocks, never what the words say. Null where none. */
export function difference(left: readonly Directive[], right: readonly Directive[]): Directive | "end" | null {
  for (const [index, one] of left.entries()) {
    const other = right[index];
    if (other === undefined || one.words.length !== other.words.length || (one.block === null) !== (other.block === null))
      return one;
    if (one.block === null || other.block === null) continue;
    const inside = difference(one.block, other.block);
    if (inside !== null) return inside === "end" ? one : inside;
  }
  return left.length < right.length ? "end" : null;
}

const BLANK = new Set([" ", "\t", "\r", "\n"]);

function* tokens(text: string): Generator<Token> {
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const char = text.charAt(at);
    if (BLANK.has(char)) {
      if (char === "\n") line += 1;
      at += 1;
    } else if (char === "#") {
      const end = text.indexOf("\n", at);
      at = end === -1 ? text.length : end;
    } else if (char === ";" || char === "{" || char === "}") {
      yield { is: char, text: char, line };
      at += 1;
    } else {
      const end = char === '"' || char === "'" ? quotedEnd(text, at, line) : wordEnd(text, at);
      const word = text.slice(at, end);
      yield { is: "word", text: char === '"' || char === "'" ? word.slice(1, -1) : word, line };
      line += word.split("\n").length - 1;
      at = end;
    }
  }
}

/** After the closing quote, where nginx wants a blank, `;`, `{` or `)`. */
function quotedEnd(text: string, start: number, line: number): number {
  const quote = text.charAt(start);
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === "\\") at += 1;
    else if (char === quote) {
      const next = text.charAt(at + 1);
      if (next !== "" && !BLANK.has(next) && !";{)".includes(next))
        throw new GrammarError(line, `unexpected "${next}" after a quote`);
      return at + 1;
    }
  }
  throw new GrammarError(line, `a quote ${quote} is never closed`);
}

function wordEnd(text: string, start: number): number {
  let variable = false;
  for (let at = start; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === "\\") {
      at += 1;
      variable = false;
    } else if (BLANK.has(char) || char === ";" || (char === "{" && !variable)) return at;
    else variable = char === "$";
  }
  return text.length;
}
