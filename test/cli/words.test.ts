import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EXIT, EXIT_HELP } from "../../src/cli/exit.ts";
import { skewOf } from "../../src/cli/server-version.ts";
import { Refusal } from "../../src/core/errors.ts";
import { type RunningApi, startApi } from "../support/api.ts";
import { type Ran, sluice } from "../support/cli.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { rolloutView, serviceView } from "../support/views.ts";

let control: ScriptedControl;
let api: RunningApi;

beforeEach(async () => {
  control = new ScriptedControl(serviceView({ rollout: rolloutView() }), serviceView({ name: "shop" }));
  api = await startApi(control);
});
afterEach(() => api[Symbol.asyncDispose]());

const run = (...args: string[]): Promise<Ran> => sluice(args, { env: { SLUICE_URL: api.url, SLUICE_TOKEN: api.token } });

describe("what was probably meant", () => {
  test.each([
    ["a command", ["statsu"], "(Did you mean status?)"],
    ["an option", ["status", "--wat"], "(Did you mean --wait?)"],
    ["a service", ["watch", "wbe"], 'did you mean "web"? allowed: web, shop'],
    ["a pool", ["start", "web", "--to", "gren"], 'did you mean "green"? allowed: blue, green'],
    ["a rollout", ["explain", "wbe-1"], 'did you mean "web-1"? the newest: web-1; those before: sluice history SERVICE'],
    ["a rollout of the journal", ["events", "--rollout", "web1"], 'did you mean "web-1"?'],
  ])("is said of %s, exit 2", async (_, args, text) => {
    if (args[0] === "start") {
      control.reactions.start = () => {
        throw new Refusal("unknown-pool", 'web has no pool "gren"');
      };
    }
    const { code, stderr } = await run(...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
  });
});

describe("-o wide", () => {
  test("has more columns, and is never cut", async () => {
    const { stdout } = await run("status", "-o", "wide");
    const [head = "", web = ""] = stdout.split("\n");
    expect(head).toMatch(/MEMBERS +ROUTING +REQ\/S +VERSION +STARTED BY +GENERATION +TARGETS$/);
    expect(web).toMatch(/live +- +v42 +admin +3-abcd +local applied$/);
  });

  test("is the table where there is nothing more to show", async () => {
    expect((await run("members", "web", "-o", "wide")).stdout).toBe((await run("members", "web")).stdout);
  });
});

describe("version", () => {
  test.each([
    ["0.1.0", "0.1.0", "none"],
    ["0.1.0", "0.2.0", "client-older"],
    ["0.10.0", "0.9.0", "server-older"],
    ["1.0.0-rc.1", "1.0.0", "client-older"],
    ["1.0.1", "1.0.0", "server-older"],
  ] as const)("%s and %s: %s", (client, server, skew) => {
    expect(skewOf(client, server)).toBe(skew);
  });

  test("says who is older, and what to do", async () => {
    const server = createServer((_, response) =>
      response.setHeader("content-type", "application/json").end('{"status":"ok","version":"9.9.9"}'),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { stdout } = await sluice(["version", "--url", url]);
    expect(stdout).toContain("server 9.9.9");
    expect(stdout).toContain("this program is older than the controller: upgrade it");
    expect(JSON.parse((await sluice(["version", "--url", url, "-o", "json"])).stdout)).toMatchObject({ skew: "client-older" });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("exit codes", () => {
  test("stand in --help, each with its meaning", async () => {
    const { code, stdout } = await run("--help");
    expect(code).toBe(0);
    expect(stdout).toContain(EXIT_HELP);
    for (const exit of Object.values(EXIT)) expect(EXIT_HELP).toMatch(new RegExp(`^ *${exit} {2}\\S`, "m"));
  });

  test("are 1 where the controller itself fails, with its own words", async () => {
    control.reactions.pause = () => {
      throw new Error("a bug");
    };
    const { code, stdout, stderr } = await run("pause", "web");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("error:");
    expect(stderr).not.toContain(" at ");
  });

  test("are 7 where a token may not do it", async () => {
    const { code, stderr } = await sluice(["abort", "web"], { env: { SLUICE_URL: api.url, SLUICE_TOKEN: "wrong" } });
    expect(code).toBe(7);
    expect(stderr).toContain("try:");
  });
});
