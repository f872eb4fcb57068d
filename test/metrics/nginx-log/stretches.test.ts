import { describe, expect, it } from "vitest";
import type { Arms, Evidence } from "../../../src/core/ports.ts";
import type { NginxMetric } from "../../../src/core/service.ts";
import { Lane } from "../../../src/metrics/nginx-log/lane.ts";
import { createNginxSource } from "../../../src/metrics/nginx-log/source.ts";
import { Tally } from "../../../src/metrics/nginx-log/tally.ts";
import { routeOf } from "../../support/routes.ts";

const METRIC: NginxMetric = {
  name: "errors",
  source: "nginx",
  measure: "errors",
  sample: 10_000,
  intervalMs: 1_000,
  timeoutMs: 1_000,
  windowMs: 30_000,
};
const START = 1_700_000_000_000;

type Ended = { readonly at: number; readonly pool: string; readonly failed: boolean };

/** A minute of traffic: both pools, failures on green that come and go, and seconds in which nobody comes. */
function traffic(): readonly Ended[] {
  let state = 7;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
  const ended: Ended[] = [];
  for (let at = START; at < START + 60_000; at += Math.floor(random() * (at % 20_000 < 3_000 ? 1_500 : 30))) {
    const pool = random() < 0.2 ? "green" : "blue";
    ended.push({ at, pool, failed: random() < (pool === "green" && at % 10_000 > 7_000 ? 0.6 : 0.01) });
  }
  return ended;
}

/** What is taken in over all looks, when they come at these instants. */
type Failures = Extract<Arms, { of: "failures" }>;

async function lookAt(instants: readonly number[], ended: readonly Ended[]): Promise<readonly Failures[]> {
  let now = START;
  let seen = START;
  const log = {
    take: async () => {
      const tally = new Tally();
      for (const { at, pool, failed } of ended) {
        if (at < seen || at >= now) continue;
        const attempts = [{ address: "10.0.0.1:80", status: failed ? 502 : 200, tookMs: 1 }];
        tally.add({ service: "web", pool, routed: null, sample: 10_000, startedAt: at, endedAt: at, attempts }, () => pool);
      }
      seen = now;
      const mark = { run: 1, parts: 0, position: {} };
      return { mark, tally, completeTo: now - 600, whole: true, loss: null, unreadable: 0, misrouted: null, problem: null };
    },
    onFailing: () => () => {},
  };
  const source = createNginxSource(log);
  const subject = { service: "web", pool: "green", version: null, endpoints: [], since: START };
  const taken: Failures[] = [];
  let evidence: Evidence | null = null;
  for (const instant of instants) {
    now = instant;
    evidence = await source.sample(METRIC, subject, evidence, { t: now, wall: now });
    const both = { canary: { pool: "green", evidence }, stable: { pool: "blue", evidence } };
    for (;;) {
      const arms = source.arms(METRIC, both, taken.at(-1)?.to ?? START, 0.1);
      if (arms?.of !== "failures") break;
      taken.push(arms);
    }
  }
  return taken;
}

describe("stretches of both pools' counts", () => {
  const ended = traffic();
  const every = (ms: number) => Array.from({ length: 60_000 / ms }, (_, index) => START + index * ms);

  it("are the same however often one looks, so that looks may come because of failures", async () => {
    const slow = await lookAt(every(4_000), ended);
    const hurried = await lookAt([START, ...every(250).filter((at) => at % 10_000 > 7_000), START + 60_000], ended);
    const common = Math.min(slow.length, hurried.length);
    expect(common).toBeGreaterThan(60);
    expect(hurried.slice(0, common)).toEqual(slow.slice(0, common));
  });

  it("count every try once, and none twice", async () => {
    const taken = await lookAt(every(1_000), ended);
    const [first, last] = [taken[0], taken.at(-1)];
    for (const [index, { to }] of taken.slice(0, -1).entries()) expect(taken[index + 1]?.from).toBe(to);
    const inside = ended.filter(({ at }) => at >= (first?.from ?? 0) && at < (last?.to ?? 0));
    for (const [arm, pool] of [
      ["canary", "green"],
      ["stable", "blue"],
    ] as const) {
      const of = inside.filter((one) => one.pool === pool);
      expect(taken.reduce((sum, arms) => sum + arms[arm].n, 0)).toBe(of.length);
      expect(taken.reduce((sum, arms) => sum + arms[arm].x, 0)).toBe(of.filter(({ failed }) => failed).length);
    }
  });

  it("wait for a request on either pool, for a second at the most", async () => {
    const taken = await lookAt(every(1_000), ended);
    const lengths = taken.map(({ from, to }) => to - from);
    expect(Math.max(...lengths)).toBe(1_000);
    expect(Math.min(...lengths)).toBe(250);
    for (const { from, to, canary, stable } of taken) if (to - from < 1_000) expect(canary.n * stable.n).toBeGreaterThan(0);
  });
});

describe("a pool that fails", () => {
  const route = routeOf({ blue: ["10.0.0.1:80"], green: ["10.0.0.2:80"] });
  const line = (address: string, status: number, at: number) => ({
    service: "web",
    pool: null,
    routed: null,
    sample: 10_000,
    startedAt: at,
    endedAt: at,
    attempts: [{ address, status, tookMs: 1 }],
  });
  const laneWith = (...lines: readonly ReturnType<typeof line>[]) => {
    const lane = new Lane(30_000, () => () => null);
    lane.know(route);
    lane.ask({}, START);
    for (const one of lines) lane.add(one, "local");
    let rung = 0;
    const leave = lane.onFailing("green", () => {
      rung += 1;
    });
    lane.tellFailing(START + 1_000);
    leave();
    lane.tellFailing(START + 1_000);
    return rung;
  };
  const times = <T>(many: number, one: T) => Array.from({ length: many }, () => one);

  it("is told of at once, and no more once nobody asks", () => {
    expect(laneWith(...times(3, line("10.0.0.2:80", 500, START)), ...times(10, line("10.0.0.2:80", 200, START)))).toBe(1);
  });

  it("is not told of for a few failures among many, for failures of others, or long ago", () => {
    expect(laneWith(...times(3, line("10.0.0.2:80", 500, START)), ...times(90, line("10.0.0.2:80", 200, START)))).toBe(0);
    expect(laneWith(...times(50, line("10.0.0.1:80", 500, START)))).toBe(0);
    expect(laneWith(...times(50, line("10.0.0.2:80", 500, START - 9_000)))).toBe(0);
  });
});
