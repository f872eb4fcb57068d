import { describe, expect, it } from "vitest";
import type { Route } from "../../../src/core/route.ts";
import type { Line } from "../../../src/metrics/nginx-log/line.ts";
import { misroutedText, Routing } from "../../../src/metrics/nginx-log/routing.ts";
import { routeOf } from "../../support/routes.ts";

/** Under version 1 all goes to blue, under version 2 all to green; the times are seconds after `START`. */
const START = 1_700_000_000_000;
const version = (number: number): Route => ({ ...routeOf({ blue: [], green: [] }), version: number });
const poolOfUnder = (route: Route) => (slot: string) => (slot === "yes" ? null : route.version === 1 ? "blue" : "green");

const line = (from: number, to: number, pool: string, slot = "12/34"): Line => ({
  service: "web",
  pool,
  routed: { slot, pool },
  sample: 10_000,
  startedAt: START + from * 1_000,
  endedAt: START + to * 1_000,
  attempts: [],
});

/** Version 1 is served from 0 s on, version 2 wanted at 10 s, and proved at 11 s. */
function routing(): Routing {
  const one = new Routing(poolOfUnder);
  one.want(version(1), START);
  one.prove(1, START);
  one.want(version(2), START + 10_000);
  one.prove(2, START + 11_000);
  return one;
}

const found = (...lines: readonly Line[]) => {
  const one = routing();
  for (const each of lines) one.look(each);
  return one.misrouted(START + 20_000);
};

describe("requests against the table", () => {
  it("are wrong where they began after the swap was proved and went by the old one", () => {
    const wrong = found(line(12, 12.5, "green"), line(12, 12.5, "blue"), line(13, 14, "green", "00/01"));
    expect(wrong).toMatchObject({ count: 1, of: 3, slot: "12/34", pool: "green", instead: "blue" });
    expect(wrong === null ? "" : misroutedText(wrong)).toMatch(
      /^routing-mismatch: 1 of 3 requests .*12\/34 is green's, and went to blue.*open_file_cache or disable_symlinks/,
    );
  });

  it.each([
    ["that was under way before the swap was proved", line(9.5, 10.5, "blue")],
    ["that began while it was not proved", line(10.5, 12, "blue")],
    ["at the very edge, where a worker's clock may be old", line(11.1, 12, "blue")],
    ["that ended before the next swap began", line(2, 9, "blue")],
    ["of somebody who asked for a pool", line(12, 13, "blue", "yes")],
    ["of a server that asks no table", { ...line(12, 13, "blue"), routed: null }],
  ])("say nothing of a request %s", (_, one) => {
    expect(found(one)).toBeNull();
  });

  it("are judged by the table of their time, although the line comes later", () => {
    expect(found(line(2, 9, "green"))).toMatchObject({ pool: "blue", instead: "green" });
  });

  it("are forgotten half a minute after the last that was wrong", () => {
    const one = routing();
    one.look(line(12, 13, "blue"));
    one.look(line(40, 41, "green"));
    expect(one.misrouted(START + 42_000)).not.toBeNull();
    expect(one.misrouted(START + 44_000)).toBeNull();
  });

  it("are not judged where a version was proved that is no longer wanted", () => {
    const one = new Routing(poolOfUnder);
    one.want(version(2), START);
    one.prove(1, START);
    one.look(line(1, 2, "blue"));
    expect(one.misrouted(START + 3_000)).toBeNull();
  });
});
