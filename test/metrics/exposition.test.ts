import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, type Series } from "../../src/metrics/exposition.ts";

const series = (text: string) => parse(text, "text").families.flatMap((family) => family.series);
const problems = (text: string) =>
  parse(text, "text").problems.map(({ level, line, column, message }) => `${level} ${line}:${column} ${message}`);

describe("a page in the text format", () => {
  test("gives families with type, help and series", () => {
    const page = parse(
      '# HELP a_total All \\\\ of\\nthem.\n# TYPE a_total counter\na_total{code="200",path="/"} 3 1700\na_total 4\n',
      "text",
    );
    expect(page).toEqual({
      families: [
        {
          name: "a_total",
          type: "counter",
          help: "All \\ of\nthem.",
          series: [
            { name: "a_total", labels: { code: "200", path: "/" }, value: 3, timestamp: 1700 },
            { name: "a_total", labels: {}, value: 4, timestamp: null },
          ],
        },
      ],
      problems: [],
    });
  });

  test("keeps the samples of a histogram and a summary together, and a counter's _total apart", () => {
    const text =
      '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\n' +
      '# TYPE s summary\ns{quantile="0.5"} 1\ns_sum 3\ns_count 2\n# TYPE c counter\nc 1\nc_total 2\n';
    const families = parse(text, "text").families.map((family) => [family.name, family.type, family.series.length]);
    expect(families).toEqual([
      ["h", "histogram", 4],
      ["s", "summary", 3],
      ["c", "counter", 1],
      ["c_total", "untyped", 1],
    ]);
  });

  test.each([
    ["1", 1],
    ["+1.5e3", 1500],
    ["-.5", -0.5],
    ["5.", 5],
    ["NaN", Number.NaN],
    ["+Inf", Infinity],
    ["-Inf", -Infinity],
    ["inf", Infinity],
    ["Infinity", Infinity],
  ])("reads the value %s", (token, value) => {
    expect(series(`a ${token}\n`)[0]?.value).toBe(value);
  });

  test.each(["0x1p-3", "0x1", "0b1", "0o7", "1_2", "true", "", "1e", "e1", "--1", "1,5", "nanny", "+NaN", "1e999"])(
    "refuses the value %j",
    (token) => {
      expect(series(`a ${token}\n`)).toEqual([]);
      expect(problems(`a ${token}\n`)).toHaveLength(1);
    },
  );

  test.each([
    ["  \ta  1\t2 ", { name: "a", labels: {}, value: 1, timestamp: 2 }],
    ['a { x = "1" , y="2" , } 1 -5', { name: "a", labels: { x: "1", y: "2" }, value: 1, timestamp: -5 }],
    ['a{x="1"}-Inf', { name: "a", labels: { x: "1" }, value: -Infinity, timestamp: null }],
    ["a{} 1", { name: "a", labels: {}, value: 1, timestamp: null }],
    ['a{x="\\\\ \\" \\n \\t {},="} 1', { name: "a", labels: { x: '\\ " \n \\t {},=' }, value: 1, timestamp: null }],
    ['{"my.metric","label.name"="v"} 1', { name: "my.metric", labels: { "label.name": "v" }, value: 1, timestamp: null }],
    ['{x="1", "ünï"} 1', { name: "ünï", labels: { x: "1" }, value: 1, timestamp: null }],
    ['a{constructor="1"} 1', { name: "a", labels: { constructor: "1" }, value: 1, timestamp: null }],
    [":a:b_1 1", { name: ":a:b_1", labels: {}, value: 1, timestamp: null }],
  ])("accepts %s", (line, wanted) => {
    expect(parse(line, "text").problems).toEqual([]);
    expect(series(line)).toEqual([wanted]);
  });

  test("keeps a label called __proto__", () => {
    const labels = series('a{__proto__="x"} 1')[0]?.labels ?? {};
    expect(Object.entries(labels)).toEqual([["__proto__", "x"]]);
  });

  test.each([
    ["a{x='1'} 1", '1:5 wants "\\"" before the value of label x, has "\'"'],
    ['a{x="1" y="2"} 1', '1:9 wants "," or "}" after a label, has "y"'],
    ['a{x="1"', '1:8 wants "," or "}" after a label, has the end of the line'],
    ['a{x="1', "1:5 the value of label x has no closing quote on its line"],
    ['a{x="1","y"} 1', '1:1 has two metric names, a and "y"'],
    ['{x="1"} 1', "1:1 has labels, yet no metric name"],
    ['a{x="1",x="2"} 1', "1:9 the label x comes twice"],
    ['a{__name__="b"} 1', "1:3 __name__ cannot be a label of a sample"],
    ['a{1x="b"} 1', '1:3 wants a label name, has "1"'],
    ["a-b 1", '1:2 a metric name cannot have "-"'],
    ["9a 1", '1:1 wants a metric name, has "9"'],
    ["a", "1:2 the value of a is missing"],
    ["a 1 1.5", '1:5 the timestamp "1.5" is not a whole number of milliseconds'],
    ["a 1 99999999999999999999", '1:5 the timestamp "99999999999999999999" is not a whole number of milliseconds'],
    ["a 1 2 # x", '1:7 wants the end of the line after the timestamp, has "#"'],
    ["a 1\r", "1:4 the line ends with a carriage return; lines end with a newline alone"],
    [
      "# TYPE a histo",
      '1:10 unknown type "histo"; counter, gauge, histogram, gaugehistogram, gauge_histogram, summary, untyped are known',
    ],
    ["# HELP 9a x", '1:8 wants a metric name after HELP, has "9"'],
    ["<html>", '1:1 wants a metric name, has "<"'],
  ])("says where %j is wrong", (line, problem) => {
    expect(problems(line)).toEqual([`error ${problem}`]);
    expect(problems(`b 1\n${line}\nc 1\n`)).toEqual([`error ${problem.replace(/^1/, "2")}`]);
    expect(series(`b 1\n${line}\nc 1\n`).map(({ name }) => name)).toEqual(["b", "c"]);
  });

  test("refuses a value with a newline in it, on both of its lines", () => {
    expect(problems('a{x="1\n2"} 1\n').map((text) => text.split(" ")[1])).toEqual(["1:5", "2:1"]);
  });

  test("checks buckets: each has a bound that is a number, and no count is negative", () => {
    const type = "# TYPE h histogram\n";
    expect(problems(`${type}h_bucket 1\n`)).toEqual(["error 2:1 the bucket h_bucket has no label le"]);
    expect(problems(`${type}h_bucket{le="x"} 1\n`)).toEqual(['error 2:1 le="x" of h_bucket is not a number']);
    expect(problems(`${type}h_count -1\n`)).toEqual(["error 2:1 h_count counts, and cannot be -1"]);
    expect(problems(`${type}h_bucket{le="1"} 1.5\nh_sum -4\n`)).toEqual([]);
  });

  test("warns of what Prometheus itself reads", () => {
    expect(problems("# HELP a x\n# HELP a y\n")).toEqual(["warning 2:8 a second HELP for a"]);
    expect(problems("# TYPE a counter\n# TYPE a gauge\n")).toEqual(["warning 2:8 a second TYPE for a"]);
    expect(problems("a 1\n# TYPE a counter\n")).toEqual(["warning 2:8 the TYPE of a comes after its samples"]);
  });

  test("passes over comments, empty lines and a last line without an end", () => {
    expect(parse("# a comment\n#\n\n \t\n# EOF\n#HELPFUL x\n# TYPE\na 1", "text").problems).toEqual([]);
    expect(series("\n\na 1")).toHaveLength(1);
    expect(parse("", "text")).toEqual({ families: [], problems: [] });
  });

  test("takes the newest of samples with timestamps, and complains of two without", () => {
    expect(series("a 1 5\na 2 9\na 3 7\n").map(({ value }) => value)).toEqual([2]);
    expect(problems('a{x="1",y="2"} 1\na{y="2",x="1"} 1\n')).toEqual(['error 2:1 a second sample of a{x="1",y="2"}']);
  });

  test("lists 100 problems and says that there are more", () => {
    const found = parse("?\n".repeat(5000), "text").problems;
    expect(found).toHaveLength(101);
    expect(found.at(-1)?.message).toBe("more problems follow, not listed");
  });

  test("reads 5 MB well within a second", () => {
    const lines: string[] = [];
    for (let index = 0; index < 60_000; index += 1)
      lines.push(`http_requests_total{method="GET",path="/thing/${index}",code="200"} ${index * 7}.5e3`);
    const text = lines.join("\n");
    expect(text.length).toBeGreaterThan(4_000_000);
    const begun = performance.now();
    expect(series(text)).toHaveLength(60_000);
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});

describe("any page", () => {
  const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,8}$/);
  const labelName = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,6}$/).filter((label) => label !== "__name__");
  const value = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity));
  const sample: fc.Arbitrary<Series> = fc.record({
    name,
    labels: fc.dictionary(
      labelName,
      fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\r")),
      { noNullPrototype: true },
    ),
    value,
    timestamp: fc.option(fc.maxSafeInteger()),
  });
  const written = (value: number) =>
    Number.isFinite(value)
      ? Object.is(value, -0)
        ? "-0"
        : String(value)
      : Number.isNaN(value)
        ? "NaN"
        : value > 0
          ? "+Inf"
          : "-Inf";
  const line = ({ name, labels, value, timestamp }: Series) => {
    const pairs = Object.entries(labels).map(([label, text]) => {
      return `${label}="${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
    });
    return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${written(value)}${timestamp === null ? "" : ` ${timestamp}`}`;
  };

  test("says what was written", () => {
    fc.assert(
      fc.property(sample, (one) => {
        const page = parse(`${line(one)}\n`, "text");
        expect(page.problems).toEqual([]);
        expect(page.families.flatMap(({ series }) => series)).toEqual([one]);
      }),
    );
  });

  test("never throws, whatever it holds", () => {
    const pieces = fc.constantFrom(
      "a",
      "{",
      "}",
      '"',
      "=",
      ",",
      "\\",
      "\n",
      " ",
      "1",
      "#",
      "TYPE",
      "HELP",
      "le",
      "NaN",
      "\t",
      "# EOF",
      "_bucket",
      "\u0000",
      "é",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, fc.constantFrom("text" as const, "openmetrics" as const), (page, format) => {
        for (const { line, column, message } of parse(page, format).problems) {
          expect(line).toBeGreaterThan(0);
          expect(column).toBeGreaterThan(0);
          expect(message).not.toBe("");
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["quotes", '"'],
    ["escapes", 'a{x="\\'],
    ["labels", "a{x="],
    ["blanks", " "],
    ["digits", "a 1"],
  ])("takes a time that grows with its length, not faster: a line of %s", (_name, piece) => {
    const begun = performance.now();
    parse(piece.repeat(300_000), "text");
    parse(piece.repeat(300_000), "openmetrics");
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});

test.each(["text", "openmetrics"] as const)("a page of bad lines alone is given up soon: %s", (format) => {
  const page = parse("x!\n".repeat(3_000_000), format);
  expect(page.problems).toHaveLength(101);
  expect(page.problems.at(-1)?.message).toBe("more problems follow, not listed");
  expect(page.problems.at(-1)?.line).toBe(101);
});
