import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseLine } from "../../src/metrics/nginx-log/line.ts";
import { count } from "../support/client.ts";
import { startMember } from "../support/members.ts";
import { until } from "../support/nginx.ts";
import { startLogging } from "../support/nginx-log.ts";
import { freePort } from "../support/ports.ts";
import { routeOf } from "../support/routes.ts";

/** What a request becomes in nginx after its member failed. */
const ENDS = {
  "a page of nginx's own": "error_page 502 /sorry.html;",
  "another location by name": "error_page 502 = @other;",
  "another upstream": "error_page 502 = @elsewhere;",
};

test.each(
  (["weighted", "live"] as const).flatMap((routing) =>
    Object.keys(ENDS).flatMap((end) => [10_000, 9_999].map((sample) => [routing, end as keyof typeof ENDS, sample] as const)),
  ),
)("%s: a failure that ends as %s is written down (sample %i)", async (routing, end, sample) => {
  await using other = await startMember({ name: "other" });
  const [dead, port] = [`127.0.0.1:${await freePort()}`, await freePort()];
  const route = routeOf({ blue: [dead] }, { shape: { routing, log: { sample } } });
  await using edge = await startLogging(route, "", {
    http: (prefix) => `upstream elsewhere { server ${other.address}; }
      server { listen 127.0.0.1:${port}; ${routing === "live" ? `include ${prefix}/current/web.server.conf;` : ""}
      location / { ${ENDS[end]} proxy_pass http://${routing === "live" ? "$web_pool" : "web"}; }
      location = /sorry.html { internal; return 500 sorry; }
      location @other { return 500 sorry; }
      location @elsewhere { proxy_pass http://elsewhere; }
      location = /member { proxy_pass http://${dead}; }
      location = /static { return 200; } }`,
  });
  const lines = () =>
    readFileSync(edge.path, "utf8")
      .split("\n")
      .flatMap((text) => parseLine(text) ?? []);
  // What has nothing to do with the service is none of its evidence, although one goes to the same address.
  await count(`http://127.0.0.1:${port}/member`, 3);
  await count(`http://127.0.0.1:${port}/static`, 3);
  await count(`http://127.0.0.1:${port}/`, 20);
  await until("all are written", () => lines().length >= (sample === 10_000 ? 20 : 18));
  for (const { service, attempts } of lines())
    expect({ service, first: attempts[0] }).toMatchObject({ service: "web", first: { address: dead, status: 502 } });
  expect(lines().length).toBeLessThanOrEqual(20);
});
