// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration.

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, expectTypeOf, test } from "vitest";
import type { NginxTarget, Service } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/errors.ts";
import { loadConfig, parseConfig } from "../../src/config/load.ts";
import { NO_HOOKS } from "../../src/core/hook.ts";
import type { ServiceSettings } from "../../src/core/service.ts";
import { withWeb } from "../support/sluice-yaml.ts";

const parse = (text: string, env: Record<string, string> = {}) => parseConfig(text, "/etc/sluice/sluice.yaml", env);

/** The service web of a configuration with these lines in it. */
function web(within: string, env: Record<string, string> = {}): Service {
  const service = parse(withWeb(within), env).services.web;
  if (service === undefined) throw new Error("there is no service web");
  return service;
}

test("a service has the shape that the core works with", () => {
  const service = web("");
  const settings: ServiceSettings = service;
  expect(settings.name).toBe("web");
  expectTypeOf(service).toExtend<ServiceSettings>();
});

test("a file of the least has every default filled in", () => {
  const config = parse(withWeb(""));
  expect(config.api).toEqual({ listen: { host: "127.0.0.1", port: 7070 }, auth: "token", tls: "none", hosts: [] });
  expect(config.state).toBe("/var/lib/sluice/state");
  expect(config.templates).toBeNull();
  expect(config.warnings).toEqual([]);
  const local: NginxTarget = {
    name: "local",
    drive: { by: "local", binary: "nginx", config: "/etc/nginx/nginx.conf", pid: "/run/nginx.pid" },
    include: "/etc/nginx/sluice",
    tables: "/var/lib/sluice/tables",
    status: "127.0.0.1:7071",
    closingMs: 400,
    deadlineMs: 10_000,
  };
  expect(config.nginx).toEqual({ local });
  const settings: ServiceSettings = {
    name: "web",
    routing: "weighted",
    key: { by: "random" },
    overrides: { header: null, cookie: null },
    tries: { maxFails: 0, failTimeoutMs: 10_000, keepalive: 0 },
    pools: { blue: { members: ["127.0.0.1:8001"] }, green: { members: ["127.0.0.1:8002"] } },
    stable: "blue",
    targets: ["local"],
    health: {
      path: null,
      port: null,
      intervalMs: 2_000,
      timeoutMs: 1_000,
      passes: 2,
      fails: 3,
      status: { from: 200, to: 299 },
      body: null,
      host: null,
      deadlineMs: 120_000,
    },
    metrics: {},
    canary: null,
    rolling: null,
    hooks: NO_HOOKS,
    freezes: [],
    blueGreen: { preview: null, checks: [], hold: { atMostMs: 900_000, then: "wait" }, bakeMs: 30_000 },
  };
  expect(config.services).toEqual({ web: settings });
});

test("everything that can be said of a service is understood", () => {
  const service = web(`    routing: live
    key: header:X-User
    overrides: { header: X-Canary, cookie: canary }
    tries: { maxFails: 3, failTimeout: 5s, keepalive: 16 }
    health: { path: /healthz, port: 9000, interval: 500ms, status: 200-399, body: ok, host: web.example, deadline: 10s }
    metrics:
      errors: { source: scrape, port: 9100, window: 3s, ratio: { of: e, to: r } }
      p95: { source: scrape, path: /m, window: 1m, timeout: 1s, quantile: 0.95, of: h }
    canary:
      steps: [{ share: 0.25%, for: 1m, needs: [errors], hold: { then: abort } }, { share: 50%, until: approved }, { share: 50%, until: approved, within: 1h }, { share: 50%, until: approved, within: 30m, then: wait }, { ramp: 100%, over: 2m, needs: [] }]
      checks: [{ metric: errors, below: 2% }, { name: slow, metric: p95, below: 0.3, minRequests: 50 }, { name: busy, metric: p95, above: 0.001 }, { name: like, metric: errors, compare: stable, margin: 20%, harmful: { ratio: 3 }, level: advisory }]
      hold: { atMost: 1h, then: advance }
      bake: 0s
    blueGreen: { preview: { header: x-canary, for: 30s }, bake: 5m }
`);
  expect(service).toMatchObject({
    key: { by: "header", name: "X-User" },
    overrides: { header: "X-Canary", cookie: "canary" },
    tries: { maxFails: 3, failTimeoutMs: 5_000, keepalive: 16 },
    health: { path: "/healthz", port: 9000, timeoutMs: 500, status: { from: 200, to: 399 }, body: "ok", host: "web.example" },
    metrics: {
      errors: { name: "errors", path: "/metrics", port: 9100, windowMs: 3_000, intervalMs: 500, timeoutMs: 500 },
      p95: { name: "p95", path: "/m", port: null, windowMs: 60_000, intervalMs: 5_000, timeoutMs: 1_000 },
    },
    blueGreen: { preview: { header: "x-canary", forMs: 30_000 }, bakeMs: 300_000 },
  });
  expect(service.metrics.errors).toMatchObject({ measure: { kind: "ratio", of: "e", to: "r" } });
  expect(service.metrics.p95).toMatchObject({ measure: { kind: "quantile", q: 0.95, of: "h" } });
  expect(service.canary).toEqual({
    steps: [
      { kind: "share", share: 25, forMs: 60_000, needs: ["errors"], hold: { atMostMs: 900_000, then: "abort" } },
      { kind: "approval", share: 5_000, needs: null, hold: null, within: null },
      { kind: "approval", share: 5_000, needs: null, hold: null, within: { ms: 3_600_000, then: "abort" } },
      { kind: "approval", share: 5_000, needs: null, hold: null, within: { ms: 1_800_000, then: "wait" } },
      { kind: "ramp", to: 10_000, overMs: 120_000, needs: [], hold: null },
    ],
    checks: [
      { name: "errors", metric: "errors", rule: { kind: "below", bound: 0.02 }, minRequests: 20 },
      { name: "slow", metric: "p95", rule: { kind: "below", bound: 0.3 }, minRequests: 50 },
      { name: "busy", metric: "p95", rule: { kind: "above", bound: 0.001 }, minRequests: 20 },
      {
        name: "like",
        metric: "errors",
        rule: {
          kind: "compare",
          margin: 0.2,
          alpha: 0.01,
          beta: 0.05,
          harmful: { ratio: 3, delta: 0.005 },
          level: "advisory",
        },
        minRequests: 100,
      },
    ],
    hold: { atMostMs: 3_600_000, then: "advance" },
    bakeMs: 0,
  });
});

test("relative paths start at the folder of the file, and a program's bare name is left to PATH", () => {
  const nginx = "nginx: { binary: ./nginx, config: n.conf, pid: ../n.pid, include: inc, tables: tab }\n";
  const config = parse(withWeb("", `api: { listen: "unix:api.sock" }\nstate: s\ntemplates: t\n${nginx}`));
  expect(config).toMatchObject({
    api: { listen: { unix: "/etc/sluice/api.sock" } },
    state: "/etc/sluice/s",
    templates: "/etc/sluice/t",
    nginx: { local: { include: "/etc/sluice/inc", tables: "/etc/sluice/tab" } },
  });
  expect(config.nginx.local?.drive).toEqual({
    by: "local",
    binary: "/etc/sluice/nginx",
    config: "/etc/sluice/n.conf",
    pid: "/etc/n.pid",
  });
});

test("without a test and a reload, nginx is signalled by its pid, and may answer on a socket", () => {
  const nginx = "nginx: { test: none, pid: n.pid, status: 'unix:s.sock' }\n";
  expect(parse(withWeb("", nginx)).nginx.local).toMatchObject({
    drive: { by: "signal", config: null, pid: "/etc/sluice/n.pid" },
    status: "unix:/etc/sluice/s.sock",
  });
  expect(parse(withWeb("", nginx.replace("none", "none, config: n.conf"))).nginx.local?.drive).toMatchObject({
    by: "signal",
    config: "/etc/sluice/n.conf",
  });
});

test("several targets are told from one by their blocks, and services go to all of them unless they say so", () => {
  const targets = "nginx:\n  a: { test: none, reload: [r], pid: p }\n  b: { include: /b, tables: /bt, status: '[::1]:1' }\n";
  const config = parse(
    withWeb("    targets: [b]\n", targets).concat("  api: { stable: x, pools: { x: { members: [a:1] }, y: { members: [] } } }\n"),
  );
  expect(config.nginx.a).toMatchObject({ name: "a", drive: { by: "command", test: null, reload: ["r"], pid: "/etc/sluice/p" } });
  expect(config.nginx.b).toMatchObject({ name: "b", status: "[::1]:1", drive: { by: "local" } });
  expect(config.services.web?.targets).toEqual(["b"]);
  expect(config.services.api?.targets).toEqual(["a", "b"]);
});

describe("variables", () => {
  test("are filled in after parsing, so that what they hold can add no structure", () => {
    const service = web("    health:\n      path: /${P}\n      passes: ${N}\n      body: '${N}'\n", { P: "x},y:{", N: "7" });
    expect(service.health).toMatchObject({ path: "/x},y:{", passes: 7, body: "7" });
  });

  test("can be a member, a duration or a default", () => {
    const service = web("    health: { interval: '${I}', deadline: '${D:-30s}' }\n", { I: "4s" });
    expect(service.health).toMatchObject({ intervalMs: 4_000, deadlineMs: 30_000 });
  });
});

describe("warnings leave the configuration usable", () => {
  test.each([
    [
      "an address in two pools",
      withWeb("").replace("8002", "8001"),
      "6:26 services.web.pools.green.members[0]: 127.0.0.1:8001 is also in pool blue of web; taken out in one place, it still gets requests from the other",
    ],
    [
      "an address in two services",
      `${withWeb("")}  api: { stable: blue, pools: { blue: { members: ["127.0.0.1:8001"] }, green: { members: [] } } }\n`,
      "7:51 services.api.pools.blue.members[0]: 127.0.0.1:8001 is also in pool blue of web; taken out in one place, it still gets requests from the other",
    ],
    [
      "an empty stable pool",
      withWeb("").replace('"127.0.0.1:8001"', ""),
      "5:24 services.web.pools.blue.members: is empty, and blue is stable: every request is answered 502 until it has a member",
    ],
    ["no service", "services: {}\n", "1:1 services: has no service, so Sluice has nothing to do"],
    [
      "a binary beside a reload command",
      withWeb("", "nginx: { binary: nginx, test: none, reload: [r] }\n"),
      "1:10 nginx.binary: has no effect beside reload; the test and reload commands drive this nginx",
    ],
  ])("%s", (_what, text, expected) => {
    const { warnings } = parse(text);
    expect(warnings.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`)).toEqual([expected]);
  });

  test("an empty pool that is not stable is nothing to speak of", () => {
    expect(parse(withWeb("").replace('"127.0.0.1:8002"', "")).warnings).toEqual([]);
  });
});

describe("files", () => {
  test("are read from disk, and one that is not there says what to do", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-config-"));
    try {
      const file = join(folder, "sluice.yaml");
      await writeFile(file, withWeb("", "state: state\n"));
      expect((await loadConfig(file, {})).state).toBe(join(folder, "state"));
      const gone = loadConfig(join(folder, "gone.yaml"), {});
      await expect(gone).rejects.toThrow(ConfigError);
      await expect(gone).rejects.toThrow(
        /gone\.yaml cannot be read \(ENOENT.*name another file with --config, or write one with sluice init/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("that are shown as examples are right, without a warning", async () => {
    const folder = new URL("../../examples/", import.meta.url);
    const names = (await readdir(folder)).filter((name) => name.endsWith(".yaml"));
    expect(names).toContain("canary.yaml");
    for (const name of names) {
      const config = parseConfig(await readFile(new URL(name, folder), "utf8"), name, {});
      expect(config.warnings, name).toEqual([]);
    }
  });
});

test("one chance for all comparisons is shared by those that can revert", () => {
  const { canary } = web(`    metrics:
      errors: { source: scrape, ratio: { of: e, to: r } }
      memory: { source: scrape, gauge: m }
    canary:
      steps: [{ share: 5%, for: 1m }]
      alpha: 4%
      checks:
        - { metric: errors, compare: stable }
        - { name: stricter, metric: errors, compare: stable, margin: 0% }
        - { name: hint, metric: errors, compare: stable, level: advisory }
        - { metric: memory, compare: stable }
        - { name: bound, metric: errors, below: 5% }
`);
  const alphas = canary?.checks.map(({ rule }) => (rule.kind === "compare" ? [rule.alpha, "pooled" in rule] : null));
  expect(alphas).toEqual([[0.02, true], [0.02, true], [0.01, false], [0.01, false], null]);
});
