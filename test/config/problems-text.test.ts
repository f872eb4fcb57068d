// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration.
import { expect, test } from "vitest";
import { excerpt } from "../../src/config/errors.ts";
import { problemsOf, withWeb } from "../support/sluice-yaml.ts";

const SERVICE_KEYS =
  "routing, key, overrides, tries, pools, stable, targets, health, metrics, canary, blueGreen, rolling, hooks, freeze";
const DURATION = "it must be a duration above 0 with its unit, such as 250ms, 5s, 10m or 1h (at most 500h)";
const METRICS =
  "    metrics: { errors: { source: scrape, window: 30s, ratio: { of: e, to: r } }, p95: { source: scrape, quantile: 0.95, of: h } }\n";

test.each<[what: string, text: string, ...expected: string[]]>([
  [
    "an empty file",
    "",
    "sluice.yaml:1:1 is empty; it must be a block with the keys api, state, history, nginx, templates, freeze, notify, services",
  ],
  [
    "a list",
    "[]",
    "sluice.yaml:1:1 an empty list is not allowed; it must be a block with the keys api, state, history, nginx, templates, freeze, notify, services",
  ],
  ["no services", "state: /x\n", "sluice.yaml:1:1 services: is missing; it must be a block of named services"],
  [
    "two documents",
    "services: {}\n---\nservices: {}\n",
    "sluice.yaml:2:1 a second YAML document starts here (---); a configuration is one document",
  ],
  ["a key twice", withWeb("", "state: /a\nstate: /b\n"), "sluice.yaml:2:1 state: is there twice; keep one of the two"],
  [
    "a merge key",
    withWeb("    health: { <<: *no }\n").replace("*no", "{}"),
    "sluice.yaml:7:15 services.web.health.<<: merge keys are not supported; repeat the keys, or use an alias for a whole value",
  ],
  ["an alias of nothing", withWeb("    health: *h\n"), "sluice.yaml:7:13 services.web.health: *h names no anchor before it"],
  [
    "an alias of itself",
    "a: &a { b: *a }\nservices: {}\n",
    "sluice.yaml:1:1 a: is not a key of sluice.yaml; allowed: api, state, history, nginx, templates, freeze, notify, services",
    "sluice.yaml:1:7 a.b: an alias may not stand for something that it is part of",
  ],
  [
    "a tag",
    withWeb("    stable: !x blue\n").replace("    stable: blue\n", ""),
    "sluice.yaml:6:13 is not YAML as Sluice reads it: Unresolved tag: !x",
  ],
  [
    "a variable that is not set",
    withWeb("    health: { path: '${GONE}' }\n"),
    "sluice.yaml:7:21 services.web.health.path: the environment variable GONE is not set; set it, or give a default: ${GONE:-default}",
  ],
  [
    "a variable without quotes in a flow",
    withWeb("    health: { path: ${P} }\n    stable: }\n"),
    'sluice.yaml:7:22 is not YAML as Sluice reads it: Unexpected flow-map-start at node end; within { } and [ ], put a variable in quotes: "${NAME}" (one that is a number needs a line of its own)',
  ],
  [
    "a variable in a key",
    withWeb("    ${HOME:-x}: 1\n"),
    `sluice.yaml:7:5 services.web.\${HOME:-x}: is not a key of a service; allowed: ${SERVICE_KEYS}`,
  ],
  [
    "a typo in a key",
    withWeb("    heatlh: {}\n"),
    `sluice.yaml:7:5 services.web.heatlh: is not a key of a service; did you mean "health"? allowed: ${SERVICE_KEYS}`,
  ],
  [
    "two typos in one block",
    withWeb("    health: { pth: /, intervall: 2s }\n"),
    'sluice.yaml:7:15 services.web.health.pth: is not a key of health; did you mean "path"? allowed: path, port, interval, timeout, passes, fails, status, body, host, deadline',
    'sluice.yaml:7:23 services.web.health.intervall: is not a key of health; did you mean "interval"? allowed: path, port, interval, timeout, passes, fails, status, body, host, deadline',
  ],
  [
    "a bare number for a duration",
    withWeb("    health: { interval: 2 }\n"),
    `sluice.yaml:7:25 services.web.health.interval: 2 is not allowed; ${DURATION}`,
  ],
  [
    "an empty value",
    withWeb("    health:\n"),
    "sluice.yaml:7:12 services.web.health: is empty; it must be a block with the keys path, port, interval, timeout, passes, fails, status, body, host, deadline",
  ],
  [
    "a missing key",
    withWeb("").replace("    stable: blue\n", ""),
    "sluice.yaml:2:3 services.web.stable: is missing; it must be the name of the pool that carries the traffic now",
  ],
  [
    "a name that is none",
    withWeb("  Web-2: {}\n"),
    'sluice.yaml:7:3 services.Web-2: "Web-2" is not a usable name; it must be a name of lower-case letters, digits and -, starting with a letter, at most 40 long',
  ],
])("%s", (_what, text, ...expected) => {
  expect(problemsOf(text)).toEqual(expected);
});

test("one run tells of everything, also of what stands beside broken parts", () => {
  const text = withWeb(
    `${METRICS}    heatlh: {}
    health: { interval: 5, timeout: 9s }
    canary:
      steps: [{ share: 50%, for: 5m }, { share: 25%, for: 5m }]
      checks: [{ metric: errors, below: 2%, minRequests: 0 }, { metric: nothing, below: 2% }]
  api: { stable: x, pools: { a: { members: [1] }, b: { members: [] } } }
`,
    "stat: /x\napi: { auth: maybe }\n",
  );
  expect(problemsOf(text).map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
    "sluice.yaml:1:1 stat:",
    "sluice.yaml:2:14 api.auth:",
    "sluice.yaml:10:5 services.web.heatlh:",
    "sluice.yaml:11:25 services.web.health.interval:",
    "sluice.yaml:13:49 services.web.canary.steps[1].share:",
    "sluice.yaml:14:58 services.web.canary.checks[0].minRequests:",
    "sluice.yaml:14:73 services.web.canary.checks[1].metric:",
    "sluice.yaml:15:18 services.api.stable:",
    "sluice.yaml:15:45 services.api.pools.a.members[0]:",
  ]);
});

test.each([
  ["a routing that is none excludes nothing", withWeb("    routing: lively\n    key: address\n"), "services.web.routing"],
  [
    "a broken metric is still the metric that a check names",
    withWeb(
      "    metrics: { e: { source: x, ratio: { of: a, to: b } } }\n    blueGreen: { checks: [{ metric: e, below: 1% }] }\n",
    ),
    "services.web.metrics.e.source",
  ],
  [
    "a broken target is still the target that a service names",
    withWeb("    targets: [edge]\n", "nginx: { edge: { include: 5 } }\n"),
    "nginx.edge.include",
  ],
  [
    "a broken state is no folder that others lie in",
    withWeb("", "state: 5\nnginx: { tables: /var/lib/sluice/state/tables }\n"),
    "state",
  ],
  [
    "a broken interval is no limit for the timeout",
    withWeb("    health: { interval: 9, timeout: 5s }\n"),
    "services.web.health.interval",
  ],
  [
    "a broken member does not make a pool too few",
    withWeb("").replace("127.0.0.1:8001", "x"),
    "services.web.pools.blue.members[0]",
  ],
  [
    "a mistyped action is no missing action",
    withWeb("    canary: { steps: [{ share: 5%, fr: 5m }] }\n"),
    "services.web.canary.steps[0].fr",
  ],
])("%s: one mistake is one problem", (_what, text, path) => {
  expect(problemsOf(text).map((line) => line.split(" ")[1])).toEqual([`${path}:`]);
});

test("a problem is one line, whatever the text that it quotes", () => {
  expect(problemsOf(withWeb("    health:\n      path: |\n        ${\n        }\n"))).toEqual([
    "sluice.yaml:8:13 services.web.health.path: ${ } is not a variable; it must be ${NAME}, ${NAME:-default} or ${NAME:?message} (write $${ for a literal ${)",
  ]);
});

test("a problem is shown with its line and a caret below its place", () => {
  const text = "state: /x\n\thalt: 1\n";
  const problem = { file: "f", line: 2, column: 2, path: "halt", message: "m" };
  expect(excerpt(text, problem)).toBe("2 | \thalt: 1\n    \t^");
  expect(excerpt(text, { ...problem, line: 0, column: 0 })).toBe("");
  expect(excerpt(text, { ...problem, line: 9 })).toBe("");
});
