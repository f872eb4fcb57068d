import { describe, expect, test } from "vitest";
import { parse } from "../../src/metrics/exposition.ts";

const read = (body: string) => parse(`${body}# EOF\n`, "openmetrics");
const problems = (body: string) => read(body).problems.map(({ line, column, message }) => `${line}:${column} ${message}`);

describe("an OpenMetrics page", () => {
  test("puts _total and _created into the counter's family, with timestamps in seconds", () => {
    const page = read('# TYPE a counter\n# HELP a All \\"of\\" them.\na_total{x="1"} 3 1.5\na_created{x="1"} 1700000000.5\n');
    expect(page.problems).toEqual([]);
    expect(page.families).toEqual([
      {
        name: "a",
        type: "counter",
        help: 'All "of" them.',
        series: [
          { name: "a_total", labels: { x: "1" }, value: 3, timestamp: 1500 },
          { name: "a_created", labels: { x: "1" }, value: 1700000000.5, timestamp: null },
        ],
      },
    ]);
  });

  test("reads histograms with exemplars, info, state sets and units", () => {
    const page = read(
      '# TYPE h_seconds histogram\n# UNIT h_seconds seconds\nh_seconds_bucket{le="1.0"} 1 # {trace_id="x y"} 0.5 1.2\nh_seconds_bucket{le="+Inf"} 2 3 # {} 0.5\n' +
        'h_seconds_count 2\nh_seconds_sum 3\n# TYPE i info\ni_info{v="1"} 1\n# TYPE s stateset\ns{s="on"} 1\ns{s="off"} 0\nplain 1\n',
    );
    expect(page.problems).toEqual([]);
    expect(page.families.map(({ name, type, series }) => [name, type, series.length])).toEqual([
      ["h_seconds", "histogram", 4],
      ["i", "info", 1],
      ["s", "stateset", 2],
      ["plain", "unknown", 1],
    ]);
  });

  test("keeps unknown escapes of label values as they are", () => {
    expect(read('a{x="a\\z\\n"} 1\n').families[0]?.series[0]?.labels).toEqual({ x: "a\\z\n" });
  });

  test.each([
    ["\n", "1:1 OpenMetrics has no empty lines"],
    ["a  1\n", "1:3 the value of a is missing"],
    [" a 1\n", '1:1 wants a metric name, has " "'],
    ["a 1 \n", '1:5 the timestamp "" is not a number of seconds'],
    ['a{x="1",} 1\n', '1:9 wants a label name, has "}"'],
    ['a{ x="1"} 1\n', '1:3 wants a label name, has " "'],
    ["# a comment\n", "1:3 wants HELP, TYPE, UNIT or EOF after #"],
    [
      "# TYPE a untyped\n",
      '1:10 unknown type "untyped"; counter, gauge, histogram, gaugehistogram, stateset, info, summary, unknown are known',
    ],
    ["# TYPE a counter\na 1\n", "2:1 a counter has no sample of its bare name a; it is called _total"],
    ["# TYPE a info\na_info 2\n", "2:1 an info is always 1, not 2"],
    ['# TYPE a stateset\na{a="x"} 3\n', "2:1 a state is 0 or 1, not 3"],
    ["# TYPE a counter\na_total -1\n", "2:1 a_total counts, and cannot be -1"],
    ["# UNIT a seconds\n", '1:10 the name a does not end with its unit "seconds"'],
    ["a 1 # {} 2\n", "1:5 a cannot have an exemplar: only counters and buckets can"],
    ["a 1 2 3\n", '1:7 wants "# " before an exemplar, has "3"'],
    ["a 1\nb 1\n# EOF\nc 1\n", "4:1 text after # EOF"],
  ])("refuses %j", (body, problem) => {
    expect(problems(body)).toEqual([problem]);
  });

  test("is cut off where it does not end with # EOF", () => {
    expect(parse("a 1\n", "openmetrics").problems.map(({ message }) => message)).toEqual([
      "the page ends without # EOF: it is cut off",
    ]);
    expect(parse("a 1\n# EOF", "openmetrics").problems).toEqual([]);
  });

  test("warns where families are mixed", () => {
    expect(read('a{x="1"} 1\nb 1\na{x="2"} 1\n').problems.map(({ level, line }) => [level, line])).toEqual([["warning", 3]]);
  });
});
