import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Refusal } from "../../src/core/errors.ts";
import { type RunningApi, startApi } from "../support/api.ts";
import { type Ran, sluice } from "../support/cli.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { ended, eventView, rolloutView, serviceView } from "../support/views.ts";

let control: ScriptedControl;
let api: RunningApi;

beforeEach(async () => {
  control = new ScriptedControl(serviceView(), serviceView({ name: "shop" }));
  api = await startApi(control);
});

afterEach(() => api[Symbol.asyncDispose]());

function run(...args: string[]): Promise<Ran> {
  return sluice(args, { env: { SLUICE_URL: api.url, SLUICE_TOKEN: api.token } });
}

describe("status", () => {
  test("is a line a service on stdout, and nothing else", async () => {
    const { code, stdout, stderr } = await run("status");
    expect(code).toBe(0);
    expect(stdout.split("\n").map((line) => line.split(/ {2,}/)[0])).toEqual(["SERVICE", "web", "shop"]);
    expect(stdout).toContain("✔ 4/4 ready");
    expect(stderr).toBe("");
  });

  test("has no escapes in a pipe, and ASCII where the locale is", async () => {
    const env = { SLUICE_URL: api.url, SLUICE_TOKEN: api.token, LANG: "C" };
    expect((await sluice(["status", "web"], { env })).stdout).toMatch(/^[\x20-\x7e\n]*$/);
  });

  test("colours a pipe only when told to, and never against NO_COLOR", async () => {
    const env = { SLUICE_URL: api.url, SLUICE_TOKEN: api.token, FORCE_COLOR: "1" };
    expect((await sluice(["status"], { env })).stdout).toContain("\x1b[");
    expect((await sluice(["status"], { env: { ...env, NO_COLOR: "1" } })).stdout).not.toContain("\x1b[");
    expect((await sluice(["status", "--no-color"], { env })).stdout).not.toContain("\x1b[");
  });

  test("is the API's object with -o json, and with -o yaml", async () => {
    expect(JSON.parse((await run("status", "-o", "json")).stdout)).toEqual({
      services: [serviceView(), serviceView({ name: "shop" })],
    });
    expect(JSON.parse((await run("-o", "json", "status", "web")).stdout)).toEqual(serviceView());
    expect((await run("status", "web", "-o", "yaml")).stdout).toContain("routing: live");
    expect((await run("status", "-o", "name")).stdout).toBe("web\nshop");
  });

  test("asks whether another service was meant", async () => {
    const { code, stdout, stderr } = await run("status", "wbe");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain('there is no service "wbe" (unknown-service)');
    expect(stderr).toContain('did you mean "web"?');
  });
});

describe("start", () => {
  test("sends what was asked for, and tells what began", async () => {
    control.reactions.start = (service) => ({ ...service, rollout: rolloutView() });
    const { code, stdout, stderr } = await run(
      ...["start", "web", "--strategy", "canary", "--to", "green", "--version", "v42", "--reason", "release"],
      ...["--steps", "5%:5m,20%:evidence,20%:evidence:1m,50%:approved,ramp:100%:10m"],
    );
    expect(code).toBe(0);
    expect(stdout).toBe("web-1 canary blue → green ◌ observing step 1/3: watching 5 % to green for its time");
    expect(stderr).toContain("sluice watch web");
    expect(control.calls).toMatchObject([
      {
        verb: "start",
        service: "web",
        actor: "tester",
        input: {
          strategy: "canary",
          to: "green",
          version: "v42",
          reason: "release",
          replace: false,
          steps: [
            { kind: "share", share: 500, forMs: 300_000 },
            { kind: "evidence", share: 2_000, forMs: 10_000 },
            { kind: "evidence", share: 2_000, forMs: 60_000 },
            { kind: "approval", share: 5_000 },
            { kind: "ramp", to: 10_000, overMs: 600_000 },
          ],
        },
      },
    ]);
  });

  test("takes no steps for blue-green, exit 2", async () => {
    const { code, stderr } = await run("start", "web", "--strategy", "blue-green", "--steps", "5%:1m");
    expect([code, control.calls]).toEqual([2, []]);
    expect(stderr).toContain("--steps is for a canary");
  });

  test("prints the id alone with --detach, and the rollout with -o json", async () => {
    control.reactions.start = (service) => ({ ...service, rollout: rolloutView() });
    expect(await run("start", "web", "--detach")).toEqual({ code: 0, stdout: "web-1", stderr: "" });
    expect(JSON.parse((await run("start", "web", "-o", "json")).stdout)).toEqual(rolloutView());
    expect((await run("start", "web", "-o", "name")).stdout).toBe("web-1");
  });

  test("towards the stable pool is nothing to do, exit 0", async () => {
    const { code, stdout } = await run("switch", "web", "blue");
    expect(code).toBe(0);
    expect(stdout).toContain("nothing to do: blue is the stable pool of web already");
    expect(control.calls).toMatchObject([{ verb: "start", input: { strategy: "blue-green", to: "blue" } }]);
  });

  test("asks whether another pool was meant", async () => {
    const { code, stderr } = await run("switch", "web", "gren");
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean "green"?');
  });

  test("while another runs is a conflict, exit 5, with what to try", async () => {
    control.reactions.start = () => {
      throw new Refusal("rollout-running", "web-1 is under way since 10:00", "sluice abort web, or start with --replace");
    };
    const { code, stderr } = await run("start", "web");
    expect(code).toBe(5);
    expect(stderr).toBe(
      "✖ error: web-1 is under way since 10:00 (rollout-running)\n  try: sluice abort web, or start with --replace",
    );
  });

  test.each(["5", "5%", "5%:soon", "200%:5m:x", ""])('refuses "%s" as steps before it asks anybody', async (steps) => {
    const { code, stderr } = await run("start", "web", "--steps", steps);
    expect(code).toBe(2);
    expect(stderr).toContain("is no step of a canary");
    expect(control.calls).toEqual([]);
  });
});

describe("the verbs", () => {
  test.each(["advance", "promote", "pause", "resume", "abort", "retry"])("%s sends the command with its reason", async (verb) => {
    control.put(serviceView({ rollout: rolloutView() }));
    const { code, stdout } = await run(verb, "web", "--reason", "because");
    expect(code).toBe(0);
    expect(stdout).toContain("web-1 canary blue → green");
    expect(control.calls).toMatchObject([{ verb, service: "web", actor: "tester", input: { verb, reason: "because" } }]);
  });

  test("advance names the step as status numbers it", async () => {
    control.put(serviceView({ rollout: rolloutView() }));
    await run("advance", "web", "--step", "2");
    expect(control.calls).toMatchObject([{ input: { verb: "advance", step: 1 } }]);
  });

  test("retry begins at the first step where that is asked for", async () => {
    control.put(serviceView({ rollout: rolloutView({ phase: "failed" }) }));
    await run("retry", "web", "--from-start");
    expect(control.calls).toMatchObject([{ input: { verb: "retry", from: "start" } }]);
  });

  test("are a conflict where nothing is under way", async () => {
    expect(await run("pause", "web")).toMatchObject({ code: 5, stdout: "" });
  });
});

describe("members", () => {
  test("are shown by pool", async () => {
    expect((await run("members", "web", "green", "-o", "name")).stdout).toBe("127.0.0.1:8003\n127.0.0.1:8004");
    expect((await run("members", "web")).stdout).toContain("127.0.0.1:8001");
  });

  test("are set, reset, drained and put back", async () => {
    await run("members", "web", "green", "set", "127.0.0.1:9001", "app.local:80");
    await run("members", "web", "green", "reset");
    await run("members", "web", "green", "drain", "127.0.0.1:8003", "127.0.0.1:8004");
    await run("members", "web", "green", "ready", "127.0.0.1:8003");
    expect(control.calls.map((call) => [call.verb, call.input])).toEqual([
      ["setMembers", { pool: "green", members: ["127.0.0.1:9001", "app.local:80"] }],
      ["setMembers", { pool: "green", members: null }],
      ["setMember", { pool: "green", member: "127.0.0.1:8003", state: "draining" }],
      ["setMember", { pool: "green", member: "127.0.0.1:8004", state: "draining" }],
      ["setMember", { pool: "green", member: "127.0.0.1:8003", state: "ready" }],
    ]);
  });

  test("of one that is refused say what was done with the others", async () => {
    control.reactions.setMember = (service, { input }) => {
      if ((input as { member: string }).member.endsWith(":8004")) throw new Refusal("not-ready", "8004 is the last one");
      return service;
    };
    const { code, stderr } = await run("members", "web", "green", "drain", "127.0.0.1:8003", "127.0.0.1:8004");
    expect(code).toBe(5);
    expect(stderr).toContain("127.0.0.1:8003: done (drain)");
    expect(stderr).toContain("8004 is the last one");
  });

  test("are all known, or none is touched", async () => {
    const { code, stderr } = await run("members", "web", "green", "drain", "127.0.0.1:8003", "127.0.0.1:8009");
    expect([code, control.calls]).toEqual([2, []]);
    expect(stderr).toContain("web green has no member 127.0.0.1:8009; nothing was changed");
  });

  test("refuse what cannot be done with them, and say what can", async () => {
    expect((await run("members", "web", "green", "dran", "a:1")).stderr).toContain('did you mean "drain"?');
    expect((await run("members", "web", "grean")).stderr).toContain('did you mean "green"?');
    expect((await run("members", "web", "green", "set", "no-port")).stderr).toContain("must be host:port");
    expect(control.calls).toEqual([]);
  });
});

describe("events", () => {
  test("are the newest, oldest first", async () => {
    for (let seq = 1; seq <= 60; seq += 1) control.happen({ text: `event ${seq}` });
    const lines = (await run("events", "web", "-n", "2")).stdout.split("\n");
    expect(lines.map((line) => line.split(": ").at(-1))).toEqual(["event 59", "event 60"]);
    expect(JSON.parse((await run("events", "--after", "59", "-o", "json")).stdout)).toEqual({
      events: [eventView(60, { text: "event 60" })],
    });
  });

  test("of one rollout only", async () => {
    control.put(serviceView({ rollout: rolloutView() }));
    control.happen({ rollout: "web-1", text: "mine" });
    control.happen({ rollout: "web-2", text: "other" });
    expect((await run("events", "--rollout", "web-1")).stdout).toMatch(/mine$/);
  });
});

test("version tells both, and lives without a controller", async () => {
  expect((await run("version")).stdout).toBe(`client 0.1.0\nserver 0.1.0 (${api.url})`);
  const alone = await sluice(["version", "--url", "http://127.0.0.1:9"]);
  expect(alone).toMatchObject({ code: 0, stderr: "" });
  expect(alone.stdout).toContain("server unknown: ");
});

test("watch of a service where nothing is under way says so and ends", async () => {
  control.put(serviceView({ rollout: ended("promoted", "every step passed") }));
  const { code, stderr } = await run("watch", "web");
  expect(code).toBe(0);
  expect(stderr).toContain("nothing is under way for web: blue carries the traffic");
});
