import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matches, parseSelector } from "../../src/metrics/selector.ts";

function means(selector: string, name: string, labels: Record<string, string> = {}): boolean {
  const parsed = parseSelector(selector);
  if (!parsed.ok) throw new Error(`column ${parsed.column}: ${parsed.message}`);
  return matches(parsed.selector, name, labels);
}

describe("a selector", () => {
  test.each([
    ["a", {}, true],
    ["b", {}, false],
    [" a { } ", {}, true],
    ['a{x="1"}', { x: "1" }, true],
    ['a{x="1"}', { x: "2" }, false],
    ['a{x="1"}', {}, false],
    ['a{x=""}', {}, true],
    ['a{x!="1"}', {}, true],
    ['a{x!="1"}', { x: "1" }, false],
    ['a{code=~"5.."}', { code: "503" }, true],
    ['a{code=~"5.."}', { code: "5030" }, false],
    ['a{code=~"5.."}', { code: "1503" }, false],
    ['a{code!~"5.."}', { code: "503" }, false],
    ['a{code!~"5.."}', {}, true],
    ['a{x="1",y=~"b|c",}', { x: "1", y: "c" }, true],
    ["a{x='1'}", { x: "1" }, true],
    ["a{x=~`\\d+`}", { x: "12" }, true],
    ['a{x=~"\\\\d+"}', { x: "12" }, true],
    ['a{x="\\u00e9\\x41\\n"}', { x: "éA\n" }, true],
    ['{__name__="a"}', {}, true],
    ['{x=~".+"}', { x: "1" }, true],
    ['{__name__=~"b|a"}', {}, true],
    ['{"a","my.label"="1"}', { "my.label": "1" }, true],
    ['a{constructor=""}', {}, true],
  ])("%s on a%j is %s", (selector, labels, wanted) => {
    expect(means(selector, "a", labels)).toBe(wanted);
  });

  test.each([
    ["", '1: wants a metric name or "{", has the end of the line'],
    ["{}", "1: matches every series: name a metric, or a label that must not be empty"],
    ['{x=~".*"}', "1: matches every series: name a metric, or a label that must not be empty"],
    ["rate(a[5m])", "5: functions such as rate() are not wanted here: Sluice takes the increase itself"],
    ["a[5m]", "2: a range such as [5m] is not wanted here: the metric's window says how far back to look"],
    ["a offset 5m", '3: wants the end of the selector, has "o"'],
    ["a{x}", '4: wants =, !=, =~ or !~ after the label x, has "}"'],
    ["a{x=1}", '5: wants a quoted text, has "1"'],
    ['a{x="1}', "5: the text has no closing quote"],
    ['a{x="1"', '8: wants "," or "}" after a label, has the end of the line'],
    ['a{x="\\d"}', "6: unknown escape \\d; write \\\\d for a pattern, or use backquotes"],
    ['a{x=~"(b"}', '7: the pattern "(b": the group has no closing bracket'],
    ['a{x=~"b**"}', '9: the pattern "b**": a second repetition in a row'],
    ['a{x=~"(?=b)"}', '7: the pattern "(?=b)": only (…) and (?:…) groups are known, and (?i) at the start; no look-around'],
    ['a{x=~"[[:alpha:]]"}', '8: the pattern "[[:alpha:]]": sets such as [:alpha:] are not known'],
    ['a{"b"}', '3: has two metric names, a and "b"'],
  ])("%j is refused with its column", (selector, problem) => {
    const parsed = parseSelector(selector);
    expect(parsed.ok ? "" : `${parsed.column}: ${parsed.message}`).toBe(problem);
  });
});

describe("a pattern", () => {
  // Each value is asked of JavaScript's own engine too, anchored: on these patterns the two must agree.
  const values = [
    "",
    "a",
    "b",
    "ab",
    "aab",
    "abab",
    "A",
    "5",
    "503",
    "a-b",
    "]",
    "^",
    "é",
    "a.b",
    "a\nb",
    "😀",
    "x{2}",
    "aaa",
    "GET",
  ];
  test.each([
    ["a"],
    ["a*"],
    ["a+b"],
    ["(ab)*"],
    ["(a|b)*"],
    ["a?b?"],
    ["[ab]+"],
    ["[^ab]"],
    ["[a-z-]+"],
    ["[]]"],
    ["[\\]^]"],
    ["\\d{1,3}"],
    ["a{2}"],
    ["a{2,}"],
    ["a{0,1}b"],
    ["(?:a|)b"],
    ["\\."],
    ["a\\.b"],
    ["."],
    [".*"],
    ["a.b"],
    ["\\w+"],
    ["\\W"],
    ["[\\d.]+"],
    ["a|b"],
    ["|a"],
    ["(a|ab)(b|)"],
    ["x\\{2\\}"],
    ["^a$"],
    ["[^\\s]+"],
    ["(?P<name>a)b"],
  ])("%s means what it means elsewhere", (source) => {
    const own = new RegExp(`^(?:${source.replace("?P<", "?<").replace("[]]", "[\\]]")})$`, "su");
    for (const value of values)
      expect([value, means(`m{l=~\`${source}\`}`, "m", { l: value })]).toEqual([value, own.test(value)]);
  });

  test("ignores case after (?i)", () => {
    expect(means('m{l=~"(?i)get|[p]ost"}', "m", { l: "GeT" })).toBe(true);
    expect(means('m{l=~"(?i)get|[p]ost"}', "m", { l: "POST" })).toBe(true);
  });

  test.each(["(a|a)*b", "(a*)*b", "(a|aa)+b", "(.*a){20}b", ".*.*.*.*.*.*b", "((a?){30}){30}b"])(
    "%s takes no time that explodes",
    (source) => {
      const parsed = parseSelector(`m{l=~"${source}"}`);
      const begun = performance.now();
      if (parsed.ok) expect(matches(parsed.selector, "m", { l: "a".repeat(2000) })).toBe(false);
      expect(performance.now() - begun).toBeLessThan(3000);
    },
  );

  test("that would need too many states is refused", () => {
    expect(parseSelector('m{l=~"((a{1000}){1000}){1000}"}').ok).toBe(false);
    expect(parseSelector('m{l=~"a{1001}"}').ok).toBe(false);
    expect(parseSelector(`m{l=~"${"(".repeat(2000)}a${")".repeat(2000)}"}`).ok).toBe(false);
  });
});

test("any text is a selector or is refused with a column inside it", () => {
  const pieces = fc.constantFrom(
    "a",
    "{",
    "}",
    "=",
    "=~",
    '"',
    "'",
    "\\",
    "(",
    ")",
    "[",
    "]",
    "*",
    "{1,2}",
    ",",
    "|",
    "^",
    "x",
    " ",
    "-",
    "?",
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 20 }).map((parts) => `a{x=~"${parts.join("")}`),
    fc.array(pieces).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (selector) => {
      const parsed = parseSelector(selector);
      if (parsed.ok) matches(parsed.selector, "a", { x: "aaaaab" });
      else expect(parsed.column).toBeGreaterThanOrEqual(1);
      if (!parsed.ok) expect(parsed.column).toBeLessThanOrEqual(selector.length + 2);
    }),
    { numRuns: 3000 },
  );
});
