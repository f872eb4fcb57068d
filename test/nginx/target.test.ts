import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Route } from "../../src/core/route.ts";
import { count } from "../support/client.ts";
import { type Driven, drive } from "../support/driven.ts";
import { type MemberServer, startMember } from "../support/members.ts";
import { routeOf } from "../support/routes.ts";

let blue: MemberServer;
let green: MemberServer;
let driven: Driven;
let live: Route;
let weighted: Route;

const SERVER = `include web.server.conf; location / { proxy_pass http://$web_pool; } location /shop { proxy_pass http://shop; }
include sluice.closing.conf;`;

beforeEach(async () => {
  blue = await startMember({ name: "blue" });
  green = await startMember({ name: "green" });
  live = routeOf({ blue: [blue.address], green: [green.address] });
  weighted = routeOf({ blue: [blue.address], green: [green.address] }, { service: "shop", shape: { routing: "weighted" } });
  driven = await drive({ routes: [live, weighted], server: SERVER });
});
afterEach(async () => {
  await driven[Symbol.asyncDispose]();
  await blue[Symbol.asyncDispose]();
  await green[Symbol.asyncDispose]();
});

describe("a target", () => {
  test("brings a live and a weighted service to their shares, and says when nginx serves them", async () => {
    driven.want([live, weighted]);
    const first = await driven.applied([live, weighted]);
    expect(await count(driven.url, 20)).toEqual({ blue: 20 });

    const half: Route = { ...live, version: 2, shares: { blue: 5_000, green: 5_000 } };
    const third: Route = { ...weighted, version: 2, shares: { blue: 7_000, green: 3_000 } };
    driven.want([half, third]);
    const second = await driven.applied([half, third]);
    expect(second.generation).not.toBe(first.generation);
    expect(await count(`${driven.url}/shop`, 100)).toEqual({ blue: 70, green: 30 });
    const counts = await count(driven.url, 400);
    expect(counts.green).toBeGreaterThan(120);
    expect(counts.green).toBeLessThan(280);
  });
});
