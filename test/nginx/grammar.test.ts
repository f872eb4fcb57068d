import { rmSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { difference, GrammarError, parse } from "../../src/nginx/grammar.ts";
import { makePrefix, testHttp } from "../support/nginx.ts";

/** A variable whose braces open no block. */
const BRACED = "$".concat("{k}l");
const words = (text: string) => parse(text).map((directive) => directive.words);

describe("the grammar of nginx", () => {
  test("is read as nginx reads it", () => {
    expect(parse(`a b;\n# c d; }\ne "f; {" 'g' {\n  h i\\;j ${BRACED};\n}`)).toEqual([
      { words: ["a", "b"], block: null, line: 1 },
      { words: ["e", "f; {", "g"], block: [{ words: ["h", "i\\;j", BRACED], block: null, line: 4 }], line: 3 },
    ]);
    expect(words('if (-e "/a b") { }')).toEqual([["if", "(-e", "/a b", ")"]]);
    expect(words("a b#c;")).toEqual([["a", "b#c"]]);
    expect(words('a b"c d;')).toEqual([["a", 'b"c', "d"]]);
  });

  test.each([
    ["a b", '"a" has no ";"'],
    ["a {", 'no "}"'],
    ["}", 'unexpected "}"'],
    ["a b }", 'unexpected "}"'],
    [";", 'unexpected ";"'],
    ['a "b;', "never closed"],
    ['a "b"c;', "after a quote"],
  ])("refuses %j", (text, reason) => {
    expect(() => parse(text)).toThrow(GrammarError);
    expect(() => parse(text)).toThrow(reason);
  });

  test("takes what nginx takes for words of their own", async () => {
    const lines = `"a b" "c;d"; '#' "}"; x\\;y z; w ${BRACED}; q"r s;`;
    const text = `map $arg_a $k { default 1; }\nmap $arg_b $m { ${lines} }`;
    expect(parse(text)[1]?.block?.map(({ words }) => words)).toEqual([
      ["a b", "c;d"],
      ["#", "}"],
      ["x\\;y", "z"],
      ["w", BRACED],
      ['q"r', "s"],
    ]);
    const prefix = makePrefix();
    expect(await testHttp(prefix, text)).toMatchObject({ ok: true });
    rmSync(prefix, { recursive: true });
  });
});

describe("a difference in structure", () => {
  const differs = (a: string, b: string) => difference(parse(a), parse(b)) !== null;
  test("is more words, more directives, or a block, never other words", () => {
    expect(differs("a b; c { d e; }", "x y; z { v w; }")).toBe(false);
    expect(differs("a b;", "a b c;")).toBe(true);
    expect(differs("a b;", "a b; c;")).toBe(true);
    expect(differs("a b; c;", "a b;")).toBe(true);
    expect(differs("a b {}", "a b;")).toBe(true);
    expect(differs("a { b c; }", "a { b; }")).toBe(true);
    expect(differs("a { b c; } d;", "a { b c; d; }")).toBe(true);
  });
});
