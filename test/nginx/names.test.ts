import { describe, expect, test } from "vitest";
import {
  collisions,
  poolVariable,
  routedVariable,
  slotVariable,
  tableName,
  upstreamName,
  weightedUpstreamName,
} from "../../src/nginx/names.ts";

describe("names in nginx", () => {
  test("have no dash, where a variable would end", () => {
    expect(upstreamName("web-app", "blue-1")).toBe("web_app_blue_1");
    expect(weightedUpstreamName("web-app")).toBe("web_app");
    expect(poolVariable("web-app")).toBe("web_app_pool");
    expect(slotVariable("web-app")).toBe("web_app_slot");
    expect(routedVariable("web-app")).toBe("web_app_went");
    expect(tableName("web-app", "green")).toBe("web-app.green");
  });

  test("that nginx could not tell apart are found, whatever the routing", () => {
    const found = collisions([
      { service: "web", pools: ["blue", "app-blue"] },
      { service: "web-app", pools: ["blue", "green"] },
      { service: "shop", pools: ["blue", "green"] },
      { service: "web-blue", pools: ["one", "two"] },
    ]);
    expect(found.map(({ services }) => services)).toEqual([
      ["web", "web-app"],
      ["web", "web-blue"],
    ]);
    expect(found[0]?.text).toBe(
      "pool blue of service web-app and pool app-blue of service web would both be web_app_blue in nginx; rename one of them",
    );
  });

  test("that only differ in their dashes are found within one service", () => {
    expect(collisions([{ service: "web", pools: ["a-b", "a_b"] }])).toHaveLength(1);
  });

  test.each(["sluice", "sluice-removed", "arg", "http"])("%s is kept for nginx or Sluice", (service) => {
    expect(collisions([{ service, pools: ["blue", "green"] }])).toHaveLength(1);
  });

  test("that are all different are fine", () => {
    expect(
      collisions([
        { service: "web", pools: ["blue", "green"] },
        { service: "api", pools: ["blue", "green"] },
      ]),
    ).toEqual([]);
  });
});
