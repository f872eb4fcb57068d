import { describe, expect, test } from "vitest";
import { compareConfigs, type InUse } from "../../src/config/compare.ts";
import { parseConfig } from "../../src/config/load.ts";
import { withWeb } from "../support/sluice-yaml.ts";

const parse = (text: string) => parseConfig(text, "sluice.yaml", {});
const before = parse(withWeb("    routing: live\n"));
const running: InUse = { service: "web", rollout: "web-12", pools: ["blue", "green"], updated: null };
const resting: InUse = { service: "web", rollout: null, pools: ["blue"], updated: null };

/** The paths at which going over to a text is refused. */
const refused = (text: string, ...inUse: InUse[]) => compareConfigs(before, parse(text), inUse).map(({ path }) => path);

const third = '      red: { members: ["127.0.0.1:8003"] }\n    routing: live\n';

describe("a changed configuration with a rollout under way (rule 24)", () => {
  test("is taken over where it changes members, checks or health, or adds a pool or a service", () => {
    const text = withWeb(`${third}    health: { path: /x }\n    canary: { steps: [{ share: 5%, for: 5m }] }\n`).replace(
      "8001",
      "9001",
    );
    expect(refused(text, running)).toEqual([]);
    expect(
      refused(
        `${withWeb("    routing: live\n")}  api: { stable: a, pools: { a: { members: [] }, b: { members: [] } } }\n`,
        running,
      ),
    ).toEqual([]);
  });

  test("is refused where it alters the routing", () => {
    expect(refused(withWeb(""), running)).toEqual(["services.web.routing"]);
    expect(refused(withWeb("    routing: live\n    key: address\n"), running)).toEqual(["services.web.key"]);
    expect(refused(withWeb(""))).toEqual([]);
  });

  test("is refused where it removes a pool or the service, and says how to end the rollout", () => {
    expect(refused(withWeb(third).replace("green:", "lime:"), running)).toEqual(["services.web.pools.green"]);
    expect(compareConfigs(before, parse("services: {}\n"), [running])).toEqual([
      {
        path: "services.web",
        message: "cannot be removed while the rollout web-12 is under way; end it first (sluice abort web)",
      },
    ]);
  });
});

describe("a changed configuration with a rolling rollout under way", () => {
  const rolling: InUse = { service: "web", rollout: "web-13", pools: ["blue"], updated: "blue" };

  test("is refused where it changes the members that are updated, and says how to end that", () => {
    const text = withWeb("    routing: live\n").replace("8001", "9001");
    expect(compareConfigs(before, parse(text), [rolling])).toEqual([
      {
        path: "services.web.pools.blue.members",
        message: "cannot change while the rollout web-13 updates them one by one; end it first (sluice abort web)",
      },
    ]);
  });

  test("is taken over where it changes other members, hooks, freezes, or how the next one goes", () => {
    const more =
      "    rolling: { deploy: [./d], rollback: [./r], spares: [127.0.0.1:9009], pool: blue }\n    hooks: { afterStep: [./s] }\n    freeze: [{}]\n";
    expect(refused(withWeb(`    routing: live\n${more}`).replace("8002", "9002"), rolling)).toEqual([]);
  });
});

describe("a changed configuration without a rollout", () => {
  test("may alter the routing, remove a service, and remove a pool without traffic", () => {
    expect(refused(withWeb(""), resting)).toEqual([]);
    expect(refused("services: {}\n", resting)).toEqual([]);
    expect(refused(withWeb("    routing: live\n").replace("green:", "lime:"), resting)).toEqual([]);
  });

  test("may not remove the pool that carries the traffic", () => {
    const text = withWeb("    routing: live\n").replace("blue:", "navy:").replace("stable: blue", "stable: navy");
    expect(compareConfigs(before, parse(text), [resting])).toEqual([
      {
        path: "services.web.pools.blue",
        message: "cannot be removed while it carries the traffic of web; move that to another pool first (sluice switch web)",
      },
    ]);
  });
});

test("what is read at the start alone needs a restart, and everything is said at once", () => {
  const text = withWeb(
    "",
    "api: { listen: 127.0.0.1:1 }\nstate: /s\nnginx: { status: 127.0.0.1:2 }\ntemplates: t\nnotify: [{ command: [./n] }]\n",
  );
  const refusals = compareConfigs(before, parse(text), [running]);
  expect(refusals.map(({ path }) => path)).toEqual(["api", "state", "nginx", "templates", "notify", "services.web.routing"]);
  expect(refusals[0]?.message).toMatch(/restart/);
});

test("the same configuration is taken over", () => {
  expect(refused(withWeb("    routing: live\n"), running)).toEqual([]);
});
