import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { NO_HOOKS } from "../../src/core/hook.ts";
import type { ServiceSettings } from "../../src/core/service.ts";
import type { Capabilities } from "../../src/nginx/capabilities.ts";
import { dumpNginx, parseDump } from "../../src/nginx/inspect/dump.ts";
import type { Expected, Finding } from "../../src/nginx/inspect/finding.ts";
import { findings } from "../../src/nginx/inspect/findings.ts";
import type { ConfigTree } from "../../src/nginx/inspect/tree.ts";
import type { Stub } from "../../src/nginx/render.ts";
import { makePrefix, testHttp } from "./nginx.ts";
import { freePort } from "./ports.ts";
import { DEBIAN, siteIn, writeSet } from "./rendering.ts";
import { routeOf } from "./routes.ts";

/** Where the configuration seems to lie for the findings: a folder that lasts, unlike that of the tests. */
export const ROOT = "/srv/edge";

/** A service with two pools of two members, `live` on a random key, unless `more` says otherwise. */
export function serviceOf(more: Partial<ServiceSettings> = {}): ServiceSettings {
  return {
    name: "web",
    routing: "live",
    key: { by: "random" },
    overrides: { header: null, cookie: null },
    tries: { maxFails: 0, failTimeoutMs: 10_000, keepalive: 0 },
    pools: { blue: { members: ["127.0.0.1:8001", "127.0.0.1:8002"] }, green: { members: ["127.0.0.1:8003", "127.0.0.1:8004"] } },
    stable: "blue",
    targets: ["local"],
    health: {
      path: null,
      port: null,
      intervalMs: 1000,
      timeoutMs: 500,
      passes: 1,
      fails: 1,
      status: { from: 200, to: 399 },
      body: null,
      host: null,
      deadlineMs: 60_000,
    },
    metrics: {},
    canary: null,
    rolling: null,
    hooks: NO_HOOKS,
    freezes: [],
    blueGreen: { preview: null, checks: [], hold: { atMostMs: 0, then: "wait" }, bakeMs: 0 },
    ...more,
  };
}

/** What a test's configuration may name. */
export type Paths = {
  /** The folder of Sluice's files. */
  readonly current: string;
  readonly tables: string;
  readonly prefix: string;
  /** A free loopback port. */
  readonly port: number;
  readonly status: string;
};

export type Inspected = {
  readonly findings: readonly Finding[];
  readonly tree: ConfigTree;
  readonly expected: Expected;
  /** The line of the main file that holds this text. */
  line(text: string): number;
  /** The one finding of that code. */
  the(code: string): Finding;
  readonly codes: readonly string[];
};

/** Lines that a location of the service has where nothing is to be said of it. */
export const GOOD = `proxy_set_header Host $host;
proxy_redirect http://$web_pool/ /;
proxy_connect_timeout 1s;
proxy_next_upstream_tries 2;
proxy_next_upstream_timeout 3s;`;

/**
 * Renders Sluice's files, has a real nginx test and print a configuration, and looks it through.
 *
 * The configuration must pass `nginx -t`, or the test fails with nginx's words.
 */
export async function inspectHttp(
  http: (paths: Paths) => string,
  options: {
    readonly services?: readonly ServiceSettings[];
    readonly capabilities?: Capabilities;
    readonly stubs?: readonly Stub[];
    readonly main?: string;
  } = {},
): Promise<Inspected> {
  const prefix = makePrefix();
  try {
    const services = options.services ?? [serviceOf()];
    const own = join(prefix, "sluice");
    const site = await siteIn(prefix);
    const paths = { current: join(own, "current"), tables: site.tables, prefix, port: await freePort(), status: site.status };
    writeSet(own, site, services.map(routeFor), { stubs: options.stubs ?? [] });
    const tested = await testHttp(prefix, http(paths));
    expect(tested.text).toContain("test is successful");
    const dump = await dumpNginx({ binary: "nginx", config: join(prefix, "test.conf"), ownFolder: own, timeoutMs: 10_000 });
    if (dump.is !== "dumped") throw new Error(dump.reason);
    const tree = parseDump(dump.text.replaceAll(prefix, ROOT));
    const target = { include: `${ROOT}/sluice`, tables: `${ROOT}/tables`, status: site.status };
    return inspected(
      tree,
      { services, target, capabilities: options.capabilities ?? DEBIAN },
      dump.text.replaceAll(prefix, ROOT),
    );
  } finally {
    rmSync(prefix, { recursive: true, force: true });
  }
}

/** Looks through text that nginx itself would refuse, as a main file below `ROOT`. */
export function inspectText(text: string, more: Partial<Expected> = {}): Inspected {
  const target = { include: `${ROOT}/sluice`, tables: `${ROOT}/tables`, status: "127.0.0.1:7071" };
  const dump = `# configuration file ${ROOT}/nginx.conf:\n${text}\n`;
  return inspected(parseDump(dump), { services: [serviceOf()], target, capabilities: DEBIAN, ...more }, dump);
}

function inspected(tree: ConfigTree, expected: Expected, text: string): Inspected {
  const found = findings(tree, expected);
  const codes = found.map((finding) => finding.code);
  return {
    findings: found,
    tree,
    expected,
    codes,
    line: (part) => {
      const at = text.split("\n").findIndex((line) => line.includes(part));
      if (at < 1) throw new Error(`no line has ${part}`);
      return at;
    },
    the: (code) => {
      const [finding, ...more] = found.filter((one) => one.code === code);
      if (finding === undefined || more.length > 0)
        throw new Error(`${more.length + (finding ? 1 : 0)} findings of ${code} in: ${codes.join(", ")}`);
      return finding;
    },
  };
}

/** The route that the files of a service are rendered from: all traffic on its stable pool. */
export function routeFor(service: ServiceSettings) {
  const pools = Object.fromEntries(Object.entries(service.pools).map(([name, pool]) => [name, pool.members]));
  const { name, routing, key, overrides, tries, stable } = service;
  return routeOf(pools, { service: name, base: stable, shape: { routing, key, overrides, tries } });
}
