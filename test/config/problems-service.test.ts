import { expect, test } from "vitest";
import { problemsOf, withWeb } from "../support/sluice-yaml.ts";

const MEMBER = "it must be host:port, with IPv6 in brackets and a port from 1 to 65535, such as 127.0.0.1:8001 or [::1]:8001";

test.each<[what: string, text: string, ...expected: string[]]>([
  [
    "a stable that is no pool",
    withWeb("").replace("stable: blue", "stable: bleu"),
    'sluice.yaml:3:13 services.web.stable: "bleu" is not a pool of web; it must be one of blue, green',
  ],
  [
    "one pool",
    "services:\n  web:\n    stable: a\n    pools: { a: { members: [] } }\n",
    "sluice.yaml:4:12 services.web.pools: has fewer than two pools; it must be a block of two or more named pools, such as { blue: { members: [127.0.0.1:8001] }, green: { members: [127.0.0.1:8002] } }",
  ],
  [
    "a unix socket as member",
    withWeb("").replace("127.0.0.1:8001", "unix:/run/docker.sock"),
    `sluice.yaml:5:25 services.web.pools.blue.members[0]: "unix:/run/docker.sock" is not allowed; ${MEMBER}`,
  ],
  [
    "a member twice",
    withWeb("").replace('"127.0.0.1:8001"', "a:80, b:80, A:80"),
    "sluice.yaml:5:37 services.web.pools.blue.members[2]: A:80 is in this pool already; remove one of the two",
  ],
  [
    "a key that is none",
    withWeb("    routing: live\n    key: cookie:a-b\n"),
    'sluice.yaml:8:10 services.web.key: "cookie:a-b" is not allowed; it must be random, address, header:NAME (letters, digits and -) or cookie:NAME (letters, digits and _)',
  ],
  [
    "a key with weighted",
    withWeb("    key: address\n"),
    "sluice.yaml:7:5 services.web.key: needs routing: live; weighted upstreams cannot tell clients apart",
  ],
  [
    "overrides with weighted",
    withWeb("    overrides: { header: X-Canary }\n"),
    "sluice.yaml:7:5 services.web.overrides: needs routing: live; weighted upstreams cannot tell clients apart",
  ],
  [
    "a preview with weighted",
    withWeb("    blueGreen: { preview: { header: X-P } }\n"),
    "sluice.yaml:7:18 services.web.blueGreen.preview: needs routing: live; weighted upstreams cannot tell clients apart",
  ],
  [
    "a preview by another header",
    withWeb("    routing: live\n    overrides: { header: X-A }\n    blueGreen: { preview: { header: X-P } }\n"),
    'sluice.yaml:9:37 services.web.blueGreen.preview.header: "X-P" is not the header of overrides; it must be X-A',
  ],
  [
    "a status without a path",
    withWeb("    health: { status: 200 }\n"),
    "sluice.yaml:7:15 services.web.health.status: has no effect without path; give a path, or remove it",
  ],
  [
    "a status that is none",
    withWeb("    health: { path: /, status: 300-200 }\n"),
    'sluice.yaml:7:32 services.web.health.status: "300-200" is not allowed; it must be a status code or a range of them, such as 200 or 200-399',
  ],
  [
    "a timeout above the interval",
    withWeb("    health: { interval: 1s, timeout: 2s }\n"),
    "sluice.yaml:7:38 services.web.health.timeout: the timeout of 2s is longer than the interval of 1s; it must be at most 1s",
  ],
  [
    "a source that is none",
    withWeb("    metrics: { errors: { source: statsd } }\n"),
    'sluice.yaml:7:34 services.web.metrics.errors.source: "statsd" is not allowed; it must be one of scrape, nginx, prometheus, http, command',
  ],
  [
    "a key of another source",
    withWeb("    metrics: { errors: { source: nginx, measure: errors, of: a } }\n"),
    "sluice.yaml:7:58 services.web.metrics.errors.of: is not a key of a metric of nginx; allowed: source, measure, quantile, sample, window, interval, timeout",
  ],
  [
    "a metric of neither kind",
    withWeb("    metrics: { errors: { source: scrape } }\n"),
    "sluice.yaml:7:24 services.web.metrics.errors: says neither ratio, quantile, rate nor gauge; a metric is exactly one of ratio: { of, to }, quantile with of, rate, and gauge",
  ],
  [
    "a window of one read",
    withWeb("    metrics: { e: { source: scrape, window: 5s, interval: 5s, ratio: { of: a, to: b } } }\n"),
    "sluice.yaml:7:45 services.web.metrics.e.window: 5s holds fewer than two reads, one every 5s; it must be at least 10s",
  ],
  [
    "a selector that is none",
    withWeb("    metrics: { e: { source: scrape, ratio: { of: a, to: 'b!' } } }\n"),
    "sluice.yaml:7:57 services.web.metrics.e.ratio.to: is not a series selector: a ! makes no sense",
  ],
])("%s", (_what, text, ...expected) => {
  expect(problemsOf(text)).toEqual(expected);
});
