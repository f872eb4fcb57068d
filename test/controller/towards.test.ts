import { describe, expect, test } from "vitest";
import { towards } from "../../src/controller/towards.ts";
import type { Basis } from "../../src/core/basis.ts";
import type { Check } from "../../src/core/check.ts";
import type { Verdict } from "../../src/core/rollout.ts";

const BASIS: Basis = {
  from: 0,
  to: 1_000,
  windows: 1,
  canary: null,
  stable: null,
  sample: null,
  slowMs: null,
  logHarm: 1,
  logHarmNeeded: 4,
  logHealthy: 3,
  logHealthyNeeded: 4,
  needed: null,
};

const COMPARE: Check["rule"] = {
  kind: "compare",
  margin: 0.1,
  alpha: 0.01,
  beta: 0.05,
  harmful: { ratio: 2, delta: 0.01 },
  level: "critical",
};

const check = (rule: Check["rule"]): Check => ({ name: "errors", metric: "errors", rule, minRequests: 50 });

function said(more: Partial<Verdict> = {}): Verdict {
  const measured = { value: 0.01, limit: "", samples: 20, windowMs: 1_000, text: "" };
  return { check: "errors", is: "inconclusive", ...measured, basis: BASIS, ...more };
}

describe("a comparison", () => {
  test("has come as far as its evidence is a part of what decides", () => {
    expect(towards(check(COMPARE), said())).toEqual({ fail: 0.25, pass: 0.75 });
  });

  test("whose evidence points the other way has not begun", () => {
    expect(towards(check(COMPARE), said({ basis: { ...BASIS, logHarm: -2 } })).fail).toBe(0);
  });

  test("that has decided is at its end, by whatever path", () => {
    expect(towards(check(COMPARE), said({ is: "fail" })).fail).toBe(1);
    expect(towards(check(COMPARE), said({ is: "pass" })).pass).toBe(1);
  });

  test("without numbers has nothing to say", () => {
    const { basis: _, ...bare } = said();
    expect(towards(check(COMPARE), bare)).toEqual({ fail: null, pass: null });
  });
});

describe("a fixed bound", () => {
  test("is as near to failing as the value is to the bound, on the side that counts", () => {
    expect(towards(check({ kind: "below", bound: 0.05 }), said()).fail).toBe(0.2);
    expect(towards(check({ kind: "above", bound: 0.9 }), said({ value: 0.95 })).fail).toBe(0.5);
    expect(towards(check({ kind: "above", bound: 100 }), said({ value: 400 })).fail).toBe(0.25);
  });

  test("passes when both the requests and the time are there", () => {
    const needed = { requests: 30, ms: 1_000 };
    expect(towards(check({ kind: "below", bound: 0.05 }), said({ basis: { ...BASIS, needed } })).pass).toBe(0.4);
    expect(towards(check({ kind: "below", bound: 0.05 }), said({ is: "pass" })).pass).toBe(1);
  });
});

test("broken evidence comes nowhere", () => {
  expect(towards(check({ kind: "below", bound: 0.05 }), said({ is: "error" }))).toEqual({ fail: null, pass: null });
});
