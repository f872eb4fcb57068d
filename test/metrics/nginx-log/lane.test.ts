import { describe, expect, it } from "vitest";
import { Lane } from "../../../src/metrics/nginx-log/lane.ts";
import { parseLine } from "../../../src/metrics/nginx-log/line.ts";
import { type Members, routeOf } from "../../support/routes.ts";

/** `green` has a member of its own, `blue` two, and `10.0.0.9:80` is in both. */
const POOLS: Readonly<Record<string, Members>> = {
  blue: ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.9:80"],
  green: ["10.0.0.3:80", "10.0.0.9:80"],
};

/** `weighted`: nginx names no pool, only addresses tell. */
const WEIGHTED = "web - 10000";
const LIVE = "web green 10000";

type Tried = { readonly p: string; readonly a: string; readonly s: string; readonly c?: number };

function laneOf(...tried: readonly Tried[]): Lane {
  const lane = new Lane(30_000, () => () => null);
  lane.know(routeOf(POOLS));
  lane.ask({}, 0);
  for (const one of tried) add(lane, one);
  return lane;
}

function add(lane: Lane, { p, a, s, c = 200 }: Tried): void {
  const r = a.replaceAll(/[^,: ]+(?::\d+)?/g, "0.001");
  const read = parseLine(JSON.stringify({ p, g: "1-0", t: 1_700_000_000, d: 0.01, c, a, s, r }));
  if (read === null) throw new Error(`no line: ${a}`);
  lane.add(read, "local");
}

/** Tries and failures by pool. */
function counted(lane: Lane): Readonly<Record<string, string>> {
  lane.close({});
  const sums: Record<string, { n: number; x: number }> = {};
  for (const { pool, cell } of lane.since(0).tally.cells()) {
    const sum = sums[pool] ?? { n: 0, x: 0 };
    sums[pool] = { n: sum.n + cell.n, x: sum.x + cell.x };
  }
  return Object.fromEntries(Object.entries(sums).map(([pool, { n, x }]) => [pool, `${x} of ${n}`]));
}

describe("tries at two pools", () => {
  it.each([
    [
      "a failure on the candidate that a retry on stable hides",
      "10.0.0.3:80, 10.0.0.1:80",
      "502, 200",
      { green: "1 of 1", blue: "0 of 1" },
    ],
    [
      "one on stable that a retry on the candidate hides",
      "10.0.0.1:80, 10.0.0.3:80",
      "504, 200",
      { blue: "1 of 1", green: "0 of 1" },
    ],
    ["a retry in the same pool", "10.0.0.1:80, 10.0.0.2:80", "502, 200", { blue: "1 of 2" }],
    [
      "three tries that all failed",
      "10.0.0.3:80, 10.0.0.1:80, 10.0.0.2:80",
      "502, 500, 503",
      { green: "1 of 1", blue: "2 of 2" },
    ],
    ["a fallback to another location", "10.0.0.3:80 : 10.0.0.1:80", "502 : 200", { green: "1 of 1", blue: "0 of 1" }],
    ["an answer that is no failure of the member's", "10.0.0.3:80", "404", { green: "0 of 1" }],
  ])("count %s for both", (_, a, s, pools) => {
    expect(counted(laneOf({ p: WEIGHTED, a, s }))).toEqual(pools);
    expect(counted(laneOf({ p: LIVE, a, s }))).toEqual(pools);
  });

  it("at a member of both are counted for the pool that nginx chose, and for none where it names none", () => {
    expect(counted(laneOf({ p: LIVE, a: "10.0.0.9:80", s: "500" }))).toEqual({ green: "1 of 1" });
    expect(counted(laneOf({ p: "web blue 10000", a: "10.0.0.9:80", s: "500" }))).toEqual({ blue: "1 of 1" });
    expect(counted(laneOf({ p: WEIGHTED, a: "10.0.0.9:80, 10.0.0.1:80", s: "500, 200" }))).toEqual({ blue: "0 of 1" });
  });

  it("at an address that no pool ever had are counted for the pool that nginx chose, and for none where it names none", () => {
    expect(counted(laneOf({ p: LIVE, a: "192.0.2.7:80", s: "200" }))).toEqual({ green: "0 of 1" });
    expect(counted(laneOf({ p: WEIGHTED, a: "192.0.2.7:80", s: "200" }))).toEqual({});
  });

  it("that nginx could not make, as no member could be tried, are one failure of the pool", () => {
    expect(counted(laneOf({ p: LIVE, a: "web_green", s: "502", c: 502 }))).toEqual({ green: "1 of 1" });
    expect(counted(laneOf({ p: WEIGHTED, a: "web", s: "502", c: 502 }))).toEqual({});
  });

  it("at a member that has left are counted for its old pool, and for its new one once it has moved", () => {
    const lane = laneOf();
    lane.know(routeOf({ blue: ["10.0.0.1:80"], green: [] }));
    add(lane, { p: WEIGHTED, a: "10.0.0.3:80", s: "500" });
    expect(counted(lane)).toEqual({ green: "1 of 1" });
    lane.know(routeOf({ blue: ["10.0.0.1:80", "10.0.0.3:80"], green: [] }));
    add(lane, { p: WEIGHTED, a: "10.0.0.3:80", s: "200" });
    expect(counted(lane)).toEqual({ green: "1 of 1", blue: "0 of 1" });
  });

  it("at members that are judged by themselves are counted apart, and for the pool in what people see", () => {
    const lane = laneOf();
    lane.know(routeOf(POOLS), { arm: "blue*", endpoints: ["10.0.0.2:80"] });
    add(lane, { p: WEIGHTED, a: "10.0.0.2:80, 10.0.0.1:80", s: "502, 200" });
    expect(counted(lane)).toEqual({ "blue*": "1 of 1", blue: "0 of 1" });
    expect(lane.recent.between(0, Number.MAX_SAFE_INTEGER)).toEqual({ blue: { n: 1, x: 1 } });
    lane.know(routeOf(POOLS));
    add(lane, { p: WEIGHTED, a: "10.0.0.2:80", s: "200" });
    expect(counted(lane)).toEqual({ "blue*": "1 of 1", blue: "0 of 2" });
  });

  it("of a sample are counted as they are: only what people see is scaled up", () => {
    const lane = laneOf({ p: "web - 1000", a: "10.0.0.3:80", s: "502" });
    expect(counted(lane)).toEqual({ green: "1 of 1" });
    expect(lane.recent.between(0, Number.MAX_SAFE_INTEGER)).toEqual({ green: { n: 10, x: 10 } });
  });

  it("count as one request for people, of the pool that it was sent to first", () => {
    const lane = laneOf({ p: WEIGHTED, a: "10.0.0.3:80, 10.0.0.1:80", s: "502, 200" });
    const pools = lane.recent.between(0, Number.MAX_SAFE_INTEGER);
    expect(Object.entries(pools).map(([pool, { n }]) => [pool, n])).toEqual([["green", 1]]);
  });
});
