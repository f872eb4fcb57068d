import * as z from "zod";
import { formatAddress } from "../address.ts";
import { DEFAULTS } from "../defaults.ts";
import { blueGreen } from "./blue-green.ts";
import { canary } from "./canary.ts";
import {
  address,
  block,
  choice,
  cookieName,
  duration,
  headerName,
  isCookieName,
  isHeaderName,
  must,
  named,
  orNull,
  text,
  whole,
} from "./fields.ts";
import { freezes } from "./freeze.ts";
import { health } from "./health.ts";
import { hooks } from "./hook.ts";
import { metric } from "./metric.ts";
import { rolling } from "./rolling.ts";

type Key = { by: "random" } | { by: "address" } | { by: "header"; name: string } | { by: "cookie"; name: string };

function parseKey(input: string): Key | undefined {
  if (input === "random" || input === "address") return { by: input };
  const [by, name = "", more] = input.split(":");
  if (more !== undefined) return undefined;
  if (by === "header" && isHeaderName(name)) return { by, name };
  return by === "cookie" && isCookieName(name) ? { by, name } : undefined;
}

const key = text<Key>(
  "What a client is recognised by, so that it stays in its pool while a share rises (`routing: live` only).",
  "random, address, header:NAME (letters, digits and -) or cookie:NAME (letters, digits and _)",
  parseKey,
  "^(random|address|header:[A-Za-z][A-Za-z0-9-]*|cookie:[A-Za-z0-9_]+)$",
);

const overrides = block(
  "overrides",
  "How a client asks for the candidate (value `always`) or for stable (`never`) by itself (`routing: live` only).",
  {
    header: orNull(headerName("The header that says `always` or `never`.")),
    cookie: orNull(cookieName("The cookie that says `always` or `never`.")),
  },
);

const tries = block("tries", "How nginx tries the members of an upstream.", {
  maxFails: whole("nginx's `max_fails`. Above 0, nginx moves traffic by itself, also to the other pool.", 0, 1_000).default(
    DEFAULTS.tries.maxFails,
  ),
  failTimeout: duration("nginx's `fail_timeout`; without effect while `maxFails` is 0.").prefault(DEFAULTS.tries.failTimeout),
  keepalive: whole(
    "Idle connections that each worker keeps to the members; 0 for none, also where nginx would (from 1.29.7 on).",
    0,
    10_000,
  ).default(DEFAULTS.tries.keepalive),
}).transform(({ failTimeout, ...rest }) => ({ ...rest, failTimeoutMs: failTimeout }));

const pool = block("a pool", "Members that run one version.", {
  members: z
    .array(
      address("`host:port`; IPv6 in brackets.").transform(formatAddress),
      must("a list of host:port, such as [127.0.0.1:8001, 127.0.0.1:8002]"),
    )
    .describe("Where the version can be reached. An empty list gets its members by `sluice members` or the API."),
});

const POOLS =
  "a block of two or more named pools, such as { blue: { members: [127.0.0.1:8001] }, green: { members: [127.0.0.1:8002] } }";

/** One service, apart from its name and its default targets, which stand outside of its block. */
export const service = block("a service", "One thing that users call through nginx, with the pools that can serve it.", {
  routing: choice(
    "How requests are divided: `weighted` is one upstream with weights, `live` a table that nginx reads per request.",
    ["weighted", "live"],
  ).default(DEFAULTS.service.routing),
  key: key.prefault(DEFAULTS.service.key),
  overrides: overrides.prefault({}),
  tries: tries.prefault({}),
  pools: named("The name of a pool.", pool, POOLS)
    .refine((pools) => Object.keys(pools).length >= 2, { error: `has fewer than two pools; it must be ${POOLS}` })
    .describe("Two or more versions side by side."),
  stable: z
    .string(must("the name of the pool that carries the traffic now"))
    .describe("The pool that carries the traffic when Sluice starts for the first time. Later, what is stored wins."),
  targets: orNull(
    z
      .array(z.string(must("the name of a target")), must("a list of names under nginx:"))
      .min(1, must("a list of at least one name under nginx:"))
      .describe("The nginx targets that serve it; all where left out."),
  ),
  health: health.prefault({}),
  metrics: named("The name of a metric.", metric, "a block of named metrics").describe("Numbers to judge by.").default({}),
  canary: orNull(canary),
  blueGreen: blueGreen.prefault({}),
  rolling: orNull(rolling),
  hooks: hooks.prefault({}),
  freeze: freezes(
    "Times in which no rollout of this service starts or goes forward, beside those of the file; aborts and commits are not held.",
  ),
}).transform(({ canary, rolling, metrics, freeze, ...rest }) => ({
  ...rest,
  metrics,
  canary: canary === null ? null : judged(canary, metrics),
  rolling:
    rolling === null ? null : { ...rolling, checks: rolling.checks.map((check) => levelled(check, metrics[check.metric])) },
  freezes: freeze,
}));

type Check = NonNullable<z.output<typeof canary>>["checks"][number];
type Metric = z.output<typeof metric>;

/** The level of a comparison that says none: a gauge holds, as no test can tell a regression from one odd member. */
function levelled({ rule, ...check }: Check, metric: Metric | undefined) {
  if (rule.kind !== "compare") return { ...check, rule };
  const { gaugeLevel, level } = DEFAULTS.compare;
  const isGauge = metric?.source === "scrape" && metric.measure.kind === "gauge";
  return { ...check, rule: { ...rule, level: rule.level ?? (isGauge ? gaugeLevel : level) } };
}

type Metrics = Readonly<Record<string, Metric>>;

/** Checks with their levels; with one chance for all of them, each comparison that reverts gets an even part of it. */
function judged({ alpha, checks, ...rest }: NonNullable<z.output<typeof canary>>, metrics: Metrics) {
  const all = checks.map((check) => levelled(check, metrics[check.metric]));
  const reverts = ({ rule }: (typeof all)[number]) => rule.kind === "compare" && rule.level === "critical";
  const part = alpha === null ? null : alpha / Math.max(1, all.filter(reverts).length);
  const shared = all.map((check) => {
    const { rule } = check;
    if (part === null || rule.kind !== "compare" || rule.level !== "critical") return check;
    return { ...check, rule: { ...rule, alpha: part, pooled: true as const } };
  });
  return { ...rest, checks: shared };
}
