import { describe, expect, test } from "vitest";
import { parseLine } from "../../../src/metrics/nginx-log/line.ts";
import { Tally } from "../../../src/metrics/nginx-log/tally.ts";

const LINE = {
  p: "web green 10000 12/34 green",
  g: "3-0badcafe",
  t: 1_700_000_010.5,
  d: 0.75,
  c: 200,
  a: "10.0.0.1:80",
  s: "200",
  r: "0.700",
};
/** In nginx's words: times have three digits behind the point. */
const text = (more: object = {}) =>
  JSON.stringify({ ...LINE, ...more }).replace(/"(t|d)":([\d.]+)/g, (_, name, at) => `"${name}":${Number(at).toFixed(3)}`);
const line = (more: object = {}) => parseLine(text(more));
const attempts = (more: object) => line(more)?.attempts.map(({ address, status, tookMs }) => [address, status, tookMs]);

describe("a line of nginx's log", () => {
  test("says which service and pool, when the request began and ended, and how the try went", () => {
    expect(line()).toEqual({
      service: "web",
      pool: "green",
      routed: { slot: "12/34", pool: "green" },
      sample: 10_000,
      startedAt: 1_700_000_009_750,
      endedAt: 1_700_000_010_500,
      attempts: [{ address: "10.0.0.1:80", status: 200, tookMs: 700 }],
    });
  });

  test("has no pool where one upstream holds all", () => {
    expect(line({ p: "web - 500" })).toMatchObject({ pool: null, sample: 500 });
  });

  test("says nothing of a table that was not asked", () => {
    for (const said of ["", "  ", " 12/34 "])
      expect(line({ p: `web green 10000${said}` })).toMatchObject({ pool: "green", routed: null });
  });

  test("tells retries apart, and passes after an internal redirect", () => {
    expect(attempts({ a: "[::1]:80, 10.0.0.2:80 : 10.0.0.3:80", s: "502, 504 : 200", r: "0.000, 1.000 : 0.003" })).toEqual([
      ["[::1]:80", 502, 0],
      ["10.0.0.2:80", 504, 1_000],
      ["10.0.0.3:80", 200, 3],
    ]);
  });

  test("knows a member that gave no answer from a client that left", () => {
    expect(attempts({ c: 499, s: "-", r: "0.100" })).toEqual([["10.0.0.1:80", null, 100]]);
    expect(attempts({ c: 499, a: "10.0.0.1:80, 10.0.0.2:80", s: "502, -", r: "0.000, 0.100" })).toEqual([
      ["10.0.0.1:80", 502, 0],
      ["10.0.0.2:80", null, 100],
    ]);
    expect(attempts({ c: 504, s: "-", r: "-" })).toEqual([["10.0.0.1:80", 504, 0]]);
  });

  test("has no try where no upstream was asked", () => {
    expect(attempts({ a: "", s: "", r: "" })).toEqual([]);
    expect(attempts({ a: "-", s: "-", r: "-" })).toEqual([]);
  });

  test.each([
    ["", "nothing"],
    ['{"p":"web green 10000","t":17', "a torn line"],
    ["null", "null"],
    ["[1]", "a list"],
    ['{"p":"web green"}', "another object"],
    [JSON.stringify({ ...LINE, p: "" }), "no service"],
    [JSON.stringify({ ...LINE, t: "1" }), "a time that is none"],
    [JSON.stringify({ ...LINE, a: "1.1.1.1:1, 1.1.1.2:1" }), "lists of different lengths"],
  ])("is none: %s (%s)", (text) => {
    expect(parseLine(text)).toBeNull();
  });
});

describe("a tally", () => {
  const place = (address: string) => ({ "10.0.0.1:80": "green", "10.0.0.3:80": "blue" })[address] ?? null;
  const cells = (more: object) => {
    const tally = new Tally();
    const read = line(more);
    if (read !== null) tally.add(read, place);
    return [...tally.cells()].map(({ pool, cell, startedAt, endedAt }) => [pool, cell.n, cell.x, startedAt, endedAt]);
  };

  test("counts each try for the pool of its address, whatever pool nginx chose last", () => {
    expect(cells({ p: "web blue 10000", a: "10.0.0.1:80 : 10.0.0.3:80", s: "502 : 200", r: "0.000 : 0.003" })).toEqual([
      ["green", 1, 1, 1_700_000_009_750, 1_700_000_010_500],
      ["blue", 1, 0, 1_700_000_009_750, 1_700_000_010_500],
    ]);
  });

  test("counts a pool without a member that could be tried as failing, and nothing that nobody can place", () => {
    expect(cells({ a: "web_green", s: "502", c: 502 })[0]?.slice(0, 3)).toEqual(["green", 1, 1]);
    expect(cells({ p: "web - 10000", a: "10.9.9.9:80" })).toEqual([]);
  });

  test("counts no try that the client gave up", () => {
    expect(cells({ c: 499, s: "-" })).toEqual([]);
  });
});
