// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration.
import { describe, expect, expectTypeOf, test } from "vitest";
import type { Notifier } from "../../src/config/config.ts";
import { ConfigError, excerpt } from "../../src/config/errors.ts";
import { parseConfig } from "../../src/config/load.ts";
import type { Notifier as CoreNotifier } from "../../src/core/notify.ts";
import type { RollingSettings } from "../../src/core/service.ts";
import { withWeb } from "../support/sluice-yaml.ts";

const ENV = { TOKEN: "s3cret", HOST: "gate.example" };
const parse = (text: string) => parseConfig(text, "/etc/sluice/sluice.yaml", ENV);

function web(within: string, above = "") {
  const service = parse(withWeb(within, above)).services.web;
  if (service === undefined) throw new Error("there is no service web");
  return service;
}

const command = (name: string, command: string[]) => ({ name, deadlineMs: 300_000, do: "command", command, env: {} });

describe("a hook", () => {
  test("is a program and its arguments, alone or in a list of hooks", () => {
    const { hooks } = web(`    hooks:
      beforeStart: [./migrate.sh, --to, "{version}"]
      afterStep: [[smoke-test], { command: [/usr/bin/env], name: surroundings, timeout: 1m, env: { A: "{pool}", B: { file: b } } }]
`);
    expect(hooks.beforeStart).toEqual([command("migrate.sh", ["/etc/sluice/migrate.sh", "--to", "{version}"])]);
    expect(hooks.afterStep).toEqual([
      command("smoke-test", ["smoke-test"]),
      {
        name: "surroundings",
        deadlineMs: 60_000,
        do: "command",
        command: ["/usr/bin/env"],
        env: { A: { from: "text", text: "{pool}" }, B: { from: "file", path: "/etc/sluice/b" } },
      },
    ]);
    expect([hooks.beforeStep, hooks.beforePromote, hooks.afterPromote, hooks.afterRevert, hooks.onFailed].flat()).toEqual([]);
  });

  test("is a call, named by its host, with one try of at most its whole time", () => {
    const { hooks } = web(
      '    hooks: { beforePromote: { post: "https://gate.example:8443/ask?v={version}", secret: { file: key }, ca: ca.pem, headers: { A: b } }, onFailed: { post: "http://p/", deadline: 5s }, afterRevert: { post: "http://p/", timeout: 10m } }\n',
    );
    expect(hooks.beforePromote).toEqual([
      {
        name: "gate.example:8443",
        deadlineMs: 300_000,
        do: "post",
        url: "https://gate.example:8443/ask?v={version}",
        headers: { A: { from: "text", text: "b" } },
        secret: { from: "file", path: "/etc/sluice/key" },
        ca: "/etc/sluice/ca.pem",
        timeoutMs: 10_000,
      },
    ]);
    expect(hooks.onFailed).toMatchObject([{ deadlineMs: 5_000, timeoutMs: 5_000, secret: null, ca: null }]);
    expect(hooks.afterRevert).toMatchObject([{ deadlineMs: 600_000, timeoutMs: 600_000 }]);
  });

  test("keeps its variables as they are written, so that no state holds what they hold", () => {
    const service = web(`    hooks:
      beforeStart: ["\${HOST}/run", "--token=\${TOKEN}"]
      beforeStep: [["a", "\${TOKEN}"], { command: ["\${TOKEN}"], env: { name: "\${TOKEN}", F: { file: "\${HOST}" } } }]
      onFailed: { post: "https://\${HOST}/\${TOKEN}", secret: "\${TOKEN}", headers: { timeout: "\${TOKEN}" }, name: "\${HOST}", ca: "/\${HOST}" }
    rolling:
      pool: blue
      spares: [127.0.0.1:9001]
      deploy: [./deploy.sh, "\${TOKEN}"]
      rollback: { hook: { command: [./back.sh, "\${TOKEN}"], env: { file: "\${TOKEN}" } }, delay: "\${PAUSE:-3s}" }
`);
    expect(JSON.stringify(service)).not.toContain(ENV.TOKEN);
    expect(service.hooks.beforeStart).toEqual([command("run", ["${HOST}/run", "--token=${TOKEN}"])]);
    expect(service.hooks.beforeStep[1]).toMatchObject({
      name: "command",
      env: { name: { from: "text", text: "${TOKEN}" }, F: { from: "file", path: "/etc/sluice/gate.example" } },
    });
    expect(service.hooks.onFailed[0]).toMatchObject({
      name: "gate.example",
      url: "https://${HOST}/${TOKEN}",
      ca: "/gate.example",
    });
    expect(service.rolling?.rollback).toMatchObject({
      delayMs: 3_000,
      hook: { env: { file: { from: "text", text: "${TOKEN}" } } },
    });
  });
});

test("a rolling update of the least has every default filled in", () => {
  const settings: RollingSettings | null = web(
    "    rolling: { deploy: [./deploy.sh], pool: blue, spares: [127.0.0.1:9001] }\n",
  ).rolling;
  const expected: RollingSettings = {
    pool: "blue",
    batch: { count: 1 },
    delayMs: 0,
    drainMs: 30_000,
    onDrainTimeout: "proceed",
    deploy: { name: "deploy.sh", deadlineMs: 300_000, do: "command", command: ["/etc/sluice/deploy.sh"], env: {} },
    rollback: null,
    minHealthyMs: 10_000,
    deadlineMs: 300_000,
    slowStartMs: 0,
    monitorMs: 30_000,
    maxUnavailable: null,
    spares: ["127.0.0.1:9001"],
    maxFailures: { count: 0 },
    onFailure: "pause",
    order: [],
    exclude: [],
    checks: [],
    hold: { atMostMs: 900_000, then: "wait" },
  };
  expect(settings).toEqual(expected);
});

test("the way back of a rolling update goes as the way there unless it says otherwise", () => {
  const base =
    "    rolling: { deploy: [./d], batch: 20%, delay: 5s, maxUnavailable: 0, pool: blue, spares: [127.0.0.1:9001], maxFailures: 10%, rollback:";
  const rollback = (written: string) => web(`${base} ${written} }\n`).rolling?.rollback;
  const hook = { ...command("undo.sh", ["/etc/sluice/undo.sh"]) };
  expect(rollback("[./undo.sh]")).toEqual({ hook, batch: { bp: 2_000 }, delayMs: 5_000 });
  expect(rollback("{ hook: [./undo.sh], batch: 1 }")).toEqual({ hook, batch: { count: 1 }, delayMs: 5_000 });
  expect(rollback("{ command: [./undo.sh] }")).toEqual({ hook, batch: { bp: 2_000 }, delayMs: 5_000 });
});

test("checks of a rolling update compare with the peers", () => {
  const { rolling } = web(`    metrics: { errors: { source: nginx, measure: errors }, memory: { source: scrape, gauge: m } }
    rolling: { deploy: [./d], rollback: [./r], pool: blue, spares: [127.0.0.1:9001], checks: [{ metric: errors, compare: stable }, { metric: memory, compare: stable }] }
`);
  expect(rolling?.checks.map(({ rule }) => (rule.kind === "compare" ? rule.level : null))).toEqual(["critical", "hold"]);
});

describe("freezes", () => {
  test("of all services hold beside those of one", () => {
    const above = "freeze: [{ name: weekend, days: [sat, sun], zone: Europe/Berlin }]\n";
    expect(web('    freeze: [{ from: "22:30", to: "06:00" }]\n', above).freezes).toEqual([
      { name: "weekend", days: ["sat", "sun"], from: 0, to: 1_440, zone: "Europe/Berlin" },
      {
        name: "every day 22:30-06:00 UTC",
        days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        from: 1_350,
        to: 360,
        zone: "UTC",
      },
    ]);
  });

  test("that never end are warned of, where they stand", () => {
    const warned = (freeze: string) =>
      parse(withWeb(`    freeze: [${freeze}]\n`)).warnings.map(({ line, path }) => `${line} ${path}`);
    expect(warned("{}")).toEqual(["7 services.web.freeze[0]"]);
    expect(warned('{ from: "09:00", to: "09:00" }')).toEqual(["7 services.web.freeze[0]"]);
    expect(warned("{ days: [sat] }")).toEqual([]);
    expect(warned('{ to: "23:59" }')).toEqual([]);
    expect(parse(withWeb("", "freeze: [{}]\n")).warnings.map(({ path }) => path)).toEqual(["freeze[0]"]);
  });
});

describe("a notifier", () => {
  const notifiers = (written: string) => parse(withWeb("", `notify: [${written}]\n`)).notify;

  test("has the shape that the core works with", () => {
    expectTypeOf<Notifier>().toExtend<CoreNotifier>();
  });

  test("tells everything of every service, unless it says otherwise", () => {
    const [hook, slack, program] = notifiers(
      '{ webhook: "https://ops.example/x" }, { slack: { file: slack }, on: [held], services: [web] }, { command: [./tell.sh, "{event}"], name: pager }',
    );
    const on = ["started", "step", "held", "reverted", "promoted", "failed"];
    const all = { on, services: null, deadlineMs: 120_000 };
    expect(hook).toEqual({
      ...all,
      name: "ops.example",
      to: "webhook",
      url: { from: "text", text: "https://ops.example/x" },
      headers: {},
      secret: null,
      ca: null,
      timeoutMs: 10_000,
    });
    expect(slack).toEqual({
      name: "slack",
      on: ["held"],
      services: ["web"],
      deadlineMs: 120_000,
      to: "slack",
      url: { from: "file", path: "/etc/sluice/slack" },
      ca: null,
      timeoutMs: 10_000,
    });
    expect(program).toEqual({ ...all, name: "pager", to: "command", command: ["/etc/sluice/tell.sh", "{event}"], env: {} });
  });

  test("keeps the variables of its address as they are written", () => {
    const [one] = notifiers('{ slack: "https://hooks.slack.com/${TOKEN}" }');
    expect(one).toMatchObject({ url: { from: "text", text: "https://hooks.slack.com/${TOKEN}" } });
  });

  test("that is wrong is told of without the line that may hold its token", () => {
    const text = withWeb("", "notify: [{ slack: hooks.slack.com/T0/B0/s3cret }]\n");
    try {
      parse(text);
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      expect(error.message).not.toContain("s3cret");
      expect(error.problems.map((one) => excerpt(text, one))).toEqual([""]);
    }
  });
});
