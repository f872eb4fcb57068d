import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { poolServers, serviceServers } from "../../src/nginx/weights.ts";
import { routeOf } from "../support/routes.ts";

const endpoints = (count: number, from: number) => Array.from({ length: count }, (_, at) => `127.0.0.1:${from + at}`);
const weightOf = (servers: ReturnType<typeof serviceServers>, pool: string) =>
  servers.filter((server) => server.pool === pool && !server.down).reduce((sum, server) => sum + server.weight, 0);

describe("the weights of a weighted service", () => {
  test("are small, and give a pool its share whatever its number of endpoints", () => {
    const servers = serviceServers(
      routeOf({ blue: endpoints(7, 8001), green: endpoints(1, 9001) }, { shares: { blue: 9_500, green: 500 } }),
    );
    expect(servers.map(({ weight, down }) => [weight, down])).toEqual([...Array(7).fill([19, false]), [7, false]]);
  });

  test("keep the shares of the pools where members are out", () => {
    const green = { "127.0.0.1:9001": "ready", "127.0.0.1:9002": "down", "127.0.0.1:9003": "draining" } as const;
    const servers = serviceServers(routeOf({ blue: endpoints(3, 8001), green }, { shares: { blue: 5_000, green: 5_000 } }));
    expect([weightOf(servers, "blue"), weightOf(servers, "green")]).toEqual([3, 3]);
    expect(servers.filter(({ down }) => down).map(({ endpoint }) => endpoint)).toEqual(["127.0.0.1:9002", "127.0.0.1:9003"]);
  });

  test("are down at a share of 0", () => {
    const servers = serviceServers(routeOf({ blue: endpoints(2, 8001), green: endpoints(2, 9001) }));
    expect(servers.map(({ pool, down }) => [pool, down])).toEqual([
      ["blue", false],
      ["blue", false],
      ["green", true],
      ["green", true],
    ]);
  });

  test("leave nobody without a server while one is ready", () => {
    const blue = { "127.0.0.1:8001": "ready" } as const;
    const green = { "127.0.0.1:9001": "down" } as const;
    expect(weightOf(serviceServers(routeOf({ blue, green }, { shares: { green: 10_000 } })), "blue")).toBe(1);
    expect(weightOf(serviceServers(routeOf({ blue: { "127.0.0.1:8001": "down" }, green: endpoints(1, 9001) })), "green")).toBe(1);
  });

  test("ease an endpoint within its pool", () => {
    const route = routeOf(
      { blue: endpoints(2, 8001), green: endpoints(1, 9001) },
      { shares: { blue: 5_000, green: 5_000 }, eased: { "127.0.0.1:8002": 2_500 } },
    );
    expect(serviceServers(route).map(({ weight }) => weight)).toEqual([4, 1, 5]);
    expect(poolServers(route, "blue").map(({ weight }) => weight)).toEqual([4, 1]);
    expect(poolServers(route, "green").map(({ weight }) => weight)).toEqual([1]);
  });

  test("stand exactly in the ratio of the shares, are whole, and never grow out of hand", () => {
    const pool = fc.record({
      count: fc.integer({ min: 1, max: 60 }),
      ease: fc.array(fc.integer({ min: 1, max: 9_999 }), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_999 }), pool, pool, (share, one, two) => {
        const blue = endpoints(one.count, 8_001);
        const green = endpoints(two.count, 9_001);
        const eased = Object.fromEntries([
          ...one.ease.slice(0, one.count).map((part, at) => [blue[at], part]),
          ...two.ease.slice(0, two.count).map((part, at) => [green[at], part]),
        ]);
        const servers = serviceServers(routeOf({ blue, green }, { shares: { blue: 10_000 - share, green: share }, eased }));
        expect(weightOf(servers, "green") * (10_000 - share)).toBe(weightOf(servers, "blue") * share);
        for (const { weight, down } of servers) {
          expect(down).toBe(false);
          expect(Number.isSafeInteger(weight) && weight >= 1 && weight < 2 ** 31).toBe(true);
        }
      }),
    );
  });

  test("are in the order of pools and endpoints, whatever that of the route", () => {
    const servers = serviceServers(routeOf({ green: ["127.0.0.1:2", "127.0.0.1:1"], blue: ["127.0.0.1:3"] }, { base: "blue" }));
    expect(servers.map(({ endpoint }) => endpoint)).toEqual(["127.0.0.1:3", "127.0.0.1:1", "127.0.0.1:2"]);
  });
});
