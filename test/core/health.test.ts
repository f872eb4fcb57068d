import { describe, expect, it } from "vitest";
import {
  type EndpointHealth,
  endpointStates,
  observeProbe,
  type PoolSight,
  readinessOf,
  UNKNOWN,
} from "../../src/core/health.ts";
import type { EndpointState } from "../../src/core/route.ts";

const CHECK = { passes: 2, fails: 3 };
const ready: EndpointHealth = { is: "ready", streak: 2, reason: null, since: 1 };
const down: EndpointHealth = { is: "down", streak: -3, reason: "refused the connection", since: 1 };

/** Members a, b, c with one address each. */
function sight(health: Readonly<Record<string, EndpointHealth>>, drained: readonly string[] = []): PoolSight {
  const members = ["a", "b", "c"];
  const addresses = Object.fromEntries(members.map((member) => [member, { endpoints: [`${member}:1`], problem: null }]));
  return {
    members,
    drained,
    fresh: {},
    addresses,
    health: Object.fromEntries(Object.entries(health).map(([member, one]) => [`${member}:1`, one])),
  };
}

const had: Readonly<Record<string, EndpointState>> = { "a:1": "ready", "b:1": "ready", "c:1": "ready" };

describe("the health of an endpoint", () => {
  it("turns only after enough equal results in a row", () => {
    const healthy = { healthy: true } as const;
    const sick = { healthy: false, reason: "answered 503" } as const;
    const steps = [sick, sick, healthy, sick, sick, sick, healthy, sick, healthy, healthy];
    const seen: string[] = [];
    let state = UNKNOWN;
    for (const probe of steps) {
      state = observeProbe(state, probe, CHECK, 0);
      seen.push(state.is);
    }
    expect(seen).toEqual([...Array(5).fill("unknown"), ...Array(4).fill("down"), "ready"]);
  });
});

describe("what nginx is told of a pool", () => {
  it("leaves out who is down or taken out", () => {
    expect(endpointStates(sight({ a: ready, b: down, c: ready }, ["c"]), had)).toEqual({
      "a:1": "ready",
      "b:1": "down",
      "c:1": "draining",
    });
  });

  it("rule 11: keeps the one that went down last in", () => {
    const one = endpointStates(sight({ a: down, b: ready, c: down }), had);
    expect(one).toEqual({ "a:1": "down", "b:1": "ready", "c:1": "down" });
    expect(endpointStates(sight({ a: down, b: down, c: down }), one)).toEqual(one);
  });

  it("rule 11: keeps all in where all were down from the start", () => {
    expect(endpointStates(sight({ a: down, b: down, c: down }), {})).toEqual(had);
  });

  it("lets a new member wait for its first healthy probe where the pool has others", () => {
    expect(endpointStates(sight({ a: ready, b: ready }), { "a:1": "ready", "b:1": "ready" })).toEqual({
      "a:1": "ready",
      "b:1": "ready",
      "c:1": "down",
    });
  });

  it("keeps in who nginx had and nobody has seen yet: a restart takes nobody out", () => {
    expect(endpointStates(sight({ a: ready }), had)).toEqual(had);
    expect(endpointStates(sight({}), had)).toEqual(had);
    expect(endpointStates(sight({}), {})).toEqual(had);
  });

  it("never empties a pool that has a member left in", () => {
    expect(Object.values(endpointStates(sight({ a: down }, ["b", "c"]), had))).toContain("ready");
  });
});

describe("the readiness of a pool", () => {
  it("counts endpoints, tells unseen ones apart, and names the first reason", () => {
    expect(readinessOf(sight({ a: ready, b: down }))).toEqual({
      ready: 1,
      of: 3,
      unknown: 1,
      reason: "b:1 refused the connection",
    });
    expect(readinessOf(sight({ a: ready, b: down }, ["b", "c"]))).toEqual({ ready: 1, of: 1, unknown: 0, reason: null });
  });

  it("counts a member without an address as one that is not ready", () => {
    const lost = {
      ...sight({ a: ready, b: ready }),
      addresses: {
        a: { endpoints: ["a:1"], problem: null },
        b: { endpoints: ["b:1"], problem: null },
        c: { endpoints: [], problem: "has no address: ENOTFOUND" },
      },
    };
    expect(readinessOf(lost)).toEqual({ ready: 2, of: 3, unknown: 0, reason: "c has no address: ENOTFOUND" });
  });
});
