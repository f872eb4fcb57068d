import { describe, expect, it } from "vitest";
import type { Report, Route } from "../../src/core/route.ts";
import { settled } from "../../src/core/settled.ts";

const ROUTE = { service: "web", version: 2, by: null } as Route;

function report(target: string, waiting: string | null): Report {
  return { target, order: 1, generation: "", at: 0, lingering: 0, blocked: null, waiting, inFlight: {}, services: {} };
}

describe("what is waited for", () => {
  it("is nothing to speak of where nginx only needs its time", () => {
    expect(settled(ROUTE, { local: report("local", null) }, ["local"])).toEqual({ is: "pending", reason: null });
  });

  it("is said in the words of the target, or that it has said nothing yet", () => {
    const reasons = [report("local", "waits for nginx to start"), undefined].map((one) =>
      settled(ROUTE, one === undefined ? {} : { local: one }, ["local"]),
    );
    expect(reasons).toMatchObject([{ reason: "waits for nginx to start" }, { reason: "it has not reported yet" }]);
  });

  it("names each of several targets", () => {
    const reports = { a: report("a", null), b: report("b", "nginx is down") };
    expect(settled(ROUTE, reports, ["a", "b"])).toEqual({ is: "pending", reason: "a is not there yet; b: nginx is down" });
  });
});
