import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { root } from "../support/sources.ts";
import { docker } from "./engine.ts";
import { Stack } from "./stack.ts";

type Dashboard = {
  readonly uid: string;
  readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
};

/** Prints the metrics page of an address, with the token where there is one. */
const READ = `const token = fs.existsSync("/var/lib/sluice/state/token") ? fs.readFileSync("/var/lib/sluice/state/token", "utf8").trim() : "";
const answer = await fetch("http://" + process.argv[1] + "/metrics", { headers: { authorization: "Bearer " + token } });
console.log(await answer.text());`;

/** Words of PromQL that the dashboard uses and that are no series; labels stand in brackets. */
const WORDS = new Set(["sum", "count", "rate", "increase", "scalar", "vector", "or", "by", "histogram_quantile"]);

function seriesOf(expression: string): readonly string[] {
  const bare = expression.replaceAll(/\{[^}]*\}|\[[^\]]*\]|by \([^)]*\)/g, " ");
  return [...bare.matchAll(/[a-z_][a-z0-9_]+/g)].map(([word]) => word).filter((word) => !WORDS.has(word));
}

test("Compose takes the profile, and publishes nothing but loopback", async () => {
  await using stack = await Stack.make();
  const config = parse(await stack.good("docker compose --profile observability config")) as {
    readonly services: Readonly<Record<string, { readonly ports?: readonly (string | { readonly host_ip?: string })[] }>>;
  };
  expect(Object.keys(config.services)).toEqual(expect.arrayContaining(["prometheus", "grafana", "sluice", "nginx"]));
  for (const { ports = [] } of Object.values(config.services))
    for (const port of ports) expect(typeof port === "string" ? port : port.host_ip).toMatch(/^127\.0\.0\.1(:|$)/);
});

test("every series of the dashboard is one that Sluice or the application exports", async () => {
  const dashboard = JSON.parse(readFileSync(join(root, "examples/observability/dashboard.json"), "utf8")) as Dashboard;
  const named = dashboard.panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => seriesOf(expr)));
  expect(new Set(named).size).toBeGreaterThan(2);
  await using stack = await Stack.up();
  const exported = new Set<string | undefined>();
  for (const [service, address] of [
    ["sluice", "127.0.0.1:7070"],
    ["blue", "127.0.0.1:8080"],
  ] as const) {
    const [container = ""] = await stack.containers(service);
    const page = await docker(
      "exec",
      container,
      "node",
      "--input-type=module",
      "-e",
      `import fs from "node:fs";\n${READ}`,
      address,
    );
    for (const [, series] of page.matchAll(/^([a-z0-9_]+)[ {]/gm)) exported.add(series);
    // What has no value yet is described all the same.
    for (const [, series] of page.matchAll(/^# TYPE ([a-z0-9_]+) /gm)) exported.add(series);
  }
  // `up` is Prometheus' own.
  expect(named.filter((series) => series !== "up" && !exported.has(series))).toEqual([]);
});
