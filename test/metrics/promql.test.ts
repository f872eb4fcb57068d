import { describe, expect, test } from "vitest";
import { fillQuery, queryProblem } from "../../src/metrics/promql.ts";

const values = { service: "web", pool: "green", version: "v1.2", windowMs: 30_000 };

describe("filling in a query", () => {
  test.each([
    ["a label", 'up{pool="{{pool}}"}', {}, 'up{pool="green"}'],
    ["blanks within the braces", 'up{pool="{{ pool }}"}', {}, 'up{pool="green"}'],
    ["a window", "rate(x[{{window}}])", {}, "rate(x[30s])"],
    ["a window of odd length", "rate(x[{{window}}])", { windowMs: 1_500 }, "rate(x[1500ms])"],
    ["a quote in double quotes", 'up{v="{{version}}"}', { version: 'a"} or vector(0) #' }, 'up{v="a\\"} or vector(0) #"}'],
    ["a backslash", 'up{v="{{version}}"}', { version: "a\\" }, 'up{v="a\\\\"}'],
    ["a quote in single quotes", "up{v='{{version}}'}", { version: "it's" }, "up{v='it\\'s'}"],
    ["a double quote in single quotes", "up{v='{{version}}'}", { version: 'a"b' }, "up{v='a\"b'}"],
    ["a newline", 'up{v="{{version}}"}', { version: "a\nb" }, 'up{v="a\\x0ab"}'],
    ["backticks", "up{v=`{{version}}`}", { version: "a\\b" }, "up{v=`a\\b`}"],
    ["a pattern", 'up{v=~"web-{{version}}-.*"}', {}, 'up{v=~"web-v1\\\\.2-.*"}'],
    ["a pattern that excludes", "up{v!~'{{version}}'}", { version: ".*" }, "up{v!~'\\\\.\\\\*'}"],
    ["a comment", 'up # not "{{pool}}\n', {}, 'up # not "{{pool}}\n'],
    [
      "a string beside",
      'label_replace(up{a="\\"{{pool}}"}, "x", "$1", "y", "z")',
      {},
      'label_replace(up{a="\\"green"}, "x", "$1", "y", "z")',
    ],
  ])("%s", (_what, query, more, expected) => {
    expect(fillQuery(query, { ...values, ...more })).toBe(expected);
  });

  test.each([
    ["a pool outside of quotes", "errors_{{pool}}", {}, "{{pool}} stands outside of quotes"],
    ["a version that nobody named", 'up{v="{{version}}"}', { version: null }, "this rollout has no version"],
    ["a name that is none", 'up{v="{{colour}}"}', {}, "{{colour}} is not known"],
    ["a backtick in backticks", "up{v=`{{version}}`}", { version: "a`b" }, "holds a backtick"],
  ])("refuses %s", (_what, query, more, message) => {
    expect(() => fillQuery(query, { ...values, ...more })).toThrow(message);
  });
});

test.each([
  ["one that is right", 'sum(rate(x{p="{{pool}}"}[{{window}}])) / 2', null],
  ["a range of the window", "rate(x[30s])", null],
  [
    "a range longer than the window",
    "rate(x[5m])",
    "[5m] reaches further back than the window of 30 s; write [{{window}}], or set window: 5m",
  ],
  [
    "a subquery",
    "max_over_time(rate(x[10s])[1h:10s])",
    "[1h] reaches further back than the window of 30 s; write [{{window}}], or set window: 1h",
  ],
  ["a range in a string", 'up{a="[5m]"}', null],
  ["a quote without an end", 'up{a="b}', "has a quote that is not closed"],
  [
    "a name outside of quotes",
    "x_{{service}}",
    '{{service}} stands outside of quotes; only {{window}} may, so select by a label: {pool="{{pool}}"}',
  ],
])("a query that cannot be asked is found beforehand: %s", (_what, query, expected) => {
  expect(queryProblem(query, 30_000)).toBe(expected);
});
