import { expect, test } from "vitest";
import type { Line } from "../../../src/metrics/nginx-log/line.ts";
import { Recent } from "../../../src/metrics/nginx-log/tally.ts";

const place = (address: string) => (address.startsWith("b") ? "blue" : address.startsWith("g") ? "green" : null);

function line(endedAt: number, attempts: readonly (readonly [address: string, status: number | null])[], sample = 10_000): Line {
  const tries = attempts.map(([address, status]) => ({ address, status, tookMs: 1 }));
  return { service: "web", pool: null, routed: null, sample, startedAt: endedAt - 1, endedAt, attempts: tries };
}

test("each request counts once, for the pool that it was sent to first, and as failed where that try did", () => {
  const recent = new Recent(60_000);
  recent.add(line(1_100, [["b1", 200]]), place);
  recent.add(
    line(1_200, [
      ["g1", 502],
      ["b1", 200],
    ]),
    place,
  );
  recent.add(line(1_300, [["b2", null]]), place);
  recent.add(line(1_400, [["b2", 404]]), place);
  recent.add(line(1_500, [["elsewhere", 500]]), place);
  expect(recent.between(1_000, 2_000)).toEqual({ blue: { n: 3, x: 0 }, green: { n: 1, x: 1 } });
});

test("a request counts for all those that were not written down, and only whole seconds count", () => {
  const recent = new Recent(60_000);
  recent.add(line(1_100, [["b1", 500]], 1_000), place);
  recent.add(line(2_100, [["b1", 200]], 1_000), place);
  expect(recent.between(1_000, 2_999)).toEqual({ blue: { n: 10, x: 10 } });
  expect(recent.between(1_000, 3_000)).toEqual({ blue: { n: 20, x: 10 } });
});

test("what is older than is kept is forgotten", () => {
  const recent = new Recent(10_000);
  recent.add(line(1_000, [["b1", 200]]), place);
  recent.add(line(60_000, [["b1", 200]]), place);
  expect(recent.between(0, 100_000)).toEqual({ blue: { n: 1, x: 0 } });
});
