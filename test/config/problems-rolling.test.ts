// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration.
import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { problemsOf, withWeb } from "../support/sluice-yaml.ts";

/** The service web, whose pool blue has four members, with these settings of `rolling`. */
const rolling = (settings: string, more = "") =>
  withWeb(`${more}    rolling: { deploy: [./deploy.sh, "{member}"], ${settings} }\n`).replace(
    '"127.0.0.1:8001"',
    "127.0.0.1:8001, 127.0.0.1:8003, 127.0.0.1:8004, 127.0.0.1:8005",
  );
const METRICS = "    metrics: { errors: { source: nginx, measure: errors, window: 1m } }\n";
const AT = "sluice.yaml:7:51 services.web.rolling";
const AMOUNT = "a percentage of them such as 25%";
const HOOK = 'a list of a program and its arguments, such as [./deploy.sh, "{member}"], { command: [...] } or { post: URL }';

test.each<[what: string, text: string, ...expected: string[]]>([
  [
    "no deploy hook",
    withWeb("    rolling: { batch: 1 }\n"),
    `sluice.yaml:7:5 services.web.rolling.deploy: is missing; it must be ${HOOK}`,
  ],
  [
    "a batch of none",
    rolling("batch: 0"),
    `sluice.yaml:7:58 services.web.rolling.batch: 0 is not allowed; it must be a number of members from 1, or ${AMOUNT}`,
  ],
  [
    "a batch of half a member",
    rolling("batch: 1.5"),
    `sluice.yaml:7:58 services.web.rolling.batch: 1.5 is not allowed; it must be a number of members from 1, or ${AMOUNT}`,
  ],
  [
    "a batch in words",
    rolling("batch: all"),
    `sluice.yaml:7:58 services.web.rolling.batch: "all" is not allowed; it must be a number of members from 1, or ${AMOUNT}`,
  ],
  [
    "a batch of everybody",
    rolling("batch: 100%"),
    "sluice.yaml:7:58 services.web.rolling.batch: blue has 4 members, and a batch takes out 4: none would be left; take a smaller batch, or add spares",
  ],
  [
    "a pool of one member",
    withWeb("    rolling: { deploy: [./d] }\n"),
    "sluice.yaml:7:5 services.web.rolling: blue has 1 member, and a batch takes out 1: none would be left; a pool of one member needs another in spares",
  ],
  [
    "a pool of one member with a spare, which is right",
    withWeb("    rolling: { deploy: [./d], pool: blue, spares: [127.0.0.1:9001] }\n"),
  ],
  [
    "a pool that gets its members at run time, which is right",
    withWeb("    rolling: { deploy: [./d], pool: green, batch: 3 }\n").replace('"127.0.0.1:8002"', ""),
  ],
  [
    "more in a batch than may be missing",
    rolling("batch: 3, maxUnavailable: 50%"),
    "sluice.yaml:7:77 services.web.rolling.maxUnavailable: blue has 4 members, a batch takes out 3, and 2 may be missing; take a smaller batch, a larger maxUnavailable, or members in spares",
  ],
  [
    "a part that is rounded down to none",
    rolling("maxUnavailable: 20%"),
    "sluice.yaml:7:67 services.web.rolling.maxUnavailable: blue has 4 members, a batch takes out 1, and 0 may be missing; take a smaller batch, a larger maxUnavailable, or members in spares",
  ],
  [
    "all may be missing",
    rolling("maxUnavailable: 4"),
    "sluice.yaml:7:67 services.web.rolling.maxUnavailable: blue has 4 members, and 4 may be missing: none would be left; it must be at most 3",
  ],
  [
    "a way back that takes out more than may be missing",
    rolling("rollback: { hook: [./back.sh], batch: 2 }"),
    "sluice.yaml:7:89 services.web.rolling.rollback.batch: takes out 2 at a time, and 1 of blue may be missing; it must be at most 1, or maxUnavailable larger",
  ],
  ["none missing, thanks to a spare, which is right", rolling("pool: blue, maxUnavailable: 0, spares: [127.0.0.1:9001]")],
  [
    "an unknown pool",
    rolling("pool: bleu"),
    'sluice.yaml:7:57 services.web.rolling.pool: "bleu" is not a pool of web; did you mean "blue"? allowed: blue, green',
  ],
  ["spares of no pool", rolling("spares: [127.0.0.1:9001]"), `${AT}.spares: belong to one pool, and none is named; add pool:`],
  [
    "a spare that is a member",
    rolling("pool: blue, spares: [127.0.0.1:8002]"),
    "sluice.yaml:7:72 services.web.rolling.spares[0]: 127.0.0.1:8002 is a member of green; a spare must be in no pool",
  ],
  [
    "a spare twice",
    rolling("pool: blue, spares: [127.0.0.1:9001, 127.0.0.1:9001]"),
    "sluice.yaml:7:88 services.web.rolling.spares[1]: 127.0.0.1:9001 is a spare already; remove one of the two",
  ],
  [
    "an order of members that are not there",
    rolling("order: [127.0.0.1:8003, 127.0.0.1:8033]"),
    'sluice.yaml:7:75 services.web.rolling.order[1]: 127.0.0.1:8033 is not a member of web; did you mean "127.0.0.1:8003"? allowed: 127.0.0.1:8001, 127.0.0.1:8003, 127.0.0.1:8004, 127.0.0.1:8005, 127.0.0.1:8002',
  ],
  [
    "an excluded member of another pool",
    rolling("pool: blue, exclude: [127.0.0.1:8002]"),
    'sluice.yaml:7:73 services.web.rolling.exclude[0]: 127.0.0.1:8002 is not a member of blue; did you mean "127.0.0.1:8001"? allowed: 127.0.0.1:8001, 127.0.0.1:8003, 127.0.0.1:8004, 127.0.0.1:8005',
  ],
  [
    "a member twice in the order",
    rolling("order: [127.0.0.1:8003, 127.0.0.1:8003]"),
    "sluice.yaml:7:75 services.web.rolling.order[1]: 127.0.0.1:8003 is there already; remove one of the two",
  ],
  [
    "everybody excluded",
    rolling("exclude: [127.0.0.1:8001, 127.0.0.1:8003, 127.0.0.1:8004, 127.0.0.1:8005]"),
    "sluice.yaml:7:60 services.web.rolling.exclude: leaves no member of blue to update; name fewer",
  ],
  [
    "a rollback without a hook",
    rolling("onFailure: rollback"),
    "sluice.yaml:7:62 services.web.rolling.onFailure: rollback needs a rollback hook, which is not there; add one, or say pause or continue",
  ],
  [
    "a way to fail that there is not",
    rolling("onFailure: retry"),
    'sluice.yaml:7:62 services.web.rolling.onFailure: "retry" is not allowed; it must be one of pause, rollback, continue',
  ],
  [
    "a check of no metric",
    rolling("checks: [{ metric: eror, below: 2% }]", METRICS),
    'sluice.yaml:8:70 services.web.rolling.checks[0].metric: "eror" is not a metric of web; did you mean "errors"? allowed: errors',
  ],
  [
    "a check whose window is longer than the time to watch",
    rolling("checks: [{ metric: errors, compare: stable }], monitor: 30s", METRICS),
    "sluice.yaml:8:107 services.web.rolling.monitor: monitor 30s is shorter than the window of the check errors (1m), which could never pass; it must be at least 1m",
  ],
  ["a comparison with the peers, which is right", rolling("checks: [{ metric: errors, compare: stable }], monitor: 1m", METRICS)],
])("%s", (_what, text, ...expected) => {
  expect(problemsOf(text)).toEqual(expected);
});

test("a member that the schema refused makes no other one unknown", () => {
  const text = rolling("order: [127.0.0.1:8001], exclude: [127.0.0.1:8003]").replace("127.0.0.1:8005", "nowhere");
  expect(problemsOf(text)).toHaveLength(1);
});

describe("a rolling update without a way back", () => {
  const warningsOf = (text: string) =>
    parseConfig(text, "sluice.yaml", {}).warnings.map(
      ({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`,
    );

  test("is warned of, since an abort then needs a person", () => {
    expect(warningsOf(rolling("batch: 1"))).toEqual([
      "7:5 services.web.rolling: has no rollback hook: a rollout that is aborted ends in failed once a member was touched, for a person to mend",
    ]);
  });

  test("is not with one", () => {
    expect(warningsOf(rolling("rollback: [./back.sh]"))).toEqual([]);
  });
});
