import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type RunningApi, startApi } from "../support/api.ts";
import { type Running, sluice, startSluice } from "../support/cli.ts";
import { until } from "../support/nginx.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { ended, rolloutView, serviceView } from "../support/views.ts";

let control: ScriptedControl;
let api: RunningApi;

beforeEach(async () => {
  control = new ScriptedControl(serviceView({ rollout: rolloutView() }));
  control.reactions.start = (service) => ({ ...service, rollout: rolloutView() });
  control.happen({ kind: "observing", text: "nginx serves 5 % to green" });
  api = await startApi(control);
});

afterEach(() => api[Symbol.asyncDispose]());

const env = () => ({ SLUICE_URL: api.url, SLUICE_TOKEN: api.token });

/** Starts it, and waits until it has shown the first line; of a verb for what runs already, until that is sent. */
async function waiting(...args: string[]): Promise<Running> {
  const running = startSluice(args, { env: env() });
  const shown = () => `${running.stdout()}${running.stderr()}`.includes("nginx serves 5 % to green");
  await until("the verb", () => shown() || control.calls.some(({ verb }) => verb !== "start"));
  return running;
}

describe("a wait", () => {
  test("ends at 0 where the candidate is promoted; changes are lines on stderr, the end is on stdout", async () => {
    const running = await waiting("start", "web", "--wait");
    control.move(rolloutView({ step: 1, reason: "watching 50 % to green for its time" }));
    control.move(ended("promoted", "every step passed"));
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(stdout).toBe("web-1 canary blue → green ✔ promoted: every step passed");
    expect(stderr.split("\n").map((line) => line.split(" web web-1 ")[1])).toEqual([
      "step 1 observing: nginx serves 5 % to green",
      "step 2 observing: watching 50 % to green for its time",
      "step 1 promoted: every step passed",
    ]);
  });

  test("ends at 3 where it is reverted, with everything that explains it", async () => {
    const running = await waiting("start", "web", "--wait");
    control.move(rolloutView({ phase: "reverting", reason: "going back", remainingMs: null }));
    control.move(ended("reverted", "errors failed: 3 % > 1 %"));
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(3);
    expect(stdout).toContain("errors failed: 3 % > 1 %");
    expect(stderr).toContain("web-1 was reverted; blue carries the traffic");
  });

  test("of an abort ends at 0 where it is reverted", async () => {
    const running = await waiting("abort", "web", "--wait");
    control.move(ended("reverted", "aborted by tester"));
    expect((await running.ended).code).toBe(0);
  });

  test("of a retry shows nothing of the run before", async () => {
    control.reactions.retry = (service) => ({ ...service, rollout: rolloutView() });
    const running = await waiting("retry", "web", "--wait");
    control.move(rolloutView({ step: 1, reason: "watching 50 % to green for its time" }));
    control.move(ended("promoted", "every step passed"));
    const { stderr } = await running.ended;
    expect(stderr).toContain("watching 50 % to green");
    expect(stderr).not.toContain("nginx serves 5 % to green");
  });

  test.each(["advance", "promote", "resume", "retry", "undo", "switch"])("is what %s does with --wait", async (verb) => {
    control.reactions.undo = (service) => ({ ...service, rollout: rolloutView() });
    const running = await waiting(verb, "web", "--wait", "--timeout", "1m");
    control.move(ended("reverted", "errors failed: 3 % > 1 %"));
    expect((await running.ended).code).toBe(3);
  });

  test.each([
    ["an approval", rolloutView({ phase: "waiting", remainingMs: null, reason: "waits for approval" }), "sluice advance web"],
    ["a pause", rolloutView({ phase: "paused", reason: "paused by ops" }), "sluice resume web"],
    ["a failure", rolloutView({ phase: "failed", remainingMs: null, reason: "cannot go back" }), "sluice retry web"],
    [
      "a hold that is over",
      rolloutView({ phase: "waiting", remainingMs: null, hold: { on: "evidence", reason: "too few requests" } }),
      "sluice abort web",
    ],
    [
      "a member that is down",
      rolloutView({ phase: "waiting", remainingMs: null, hold: { on: "failure", reason: "1 of 2 members of green are ready" } }),
      "mend the member, and the rollout goes on by itself: sluice status web\n  sluice abort web",
    ],
  ])("ends at 8 at %s, with what to do", async (_, rollout, command) => {
    const running = await waiting("resume", "web", "--wait");
    control.move(rollout);
    const { code, stderr } = await running.ended;
    expect(code).toBe(8);
    expect(stderr).toContain("web-1 waits for a person");
    expect(stderr).toContain(command);
  });

  test("goes on while a deadline or a hold still counts down", async () => {
    const running = await waiting("start", "web", "--wait");
    control.move(rolloutView({ phase: "waiting", remainingMs: 5_000, hold: { on: "evidence", reason: "too few requests" } }));
    control.move(rolloutView({ phase: "waiting", remainingMs: 5_000, reason: "waits for every member of green to be ready" }));
    await until("the line about members", () => running.stderr().includes("waits for every member"));
    control.move(ended("promoted", "every step passed"));
    expect((await running.ended).code).toBe(0);
  });

  test("goes on while other members have to become ready, and has nothing to advance then", async () => {
    const reason = "batch 2 of 3 waits: 1 other members are ready, and 2 have to be before 127.0.0.1:8002 is taken out";
    control.move(rolloutView({ strategy: "rolling", phase: "waiting", remainingMs: null, reason }));
    const { code, stderr } = await sluice(["status", "web", "--wait", "--timeout", "2s"], { env: env() });
    expect(code).toBe(4);
    expect(stderr).toContain("Come back with:\n  sluice watch web\n  sluice abort web");
  });

  test("ends at 4 after --timeout, and says that the rollout goes on", async () => {
    const { code, stderr } = await sluice(["start", "web", "--wait", "--timeout", "300ms"], { env: env() });
    expect(code).toBe(4);
    expect(stderr).toContain("web-1 is still observing after 300ms: the rollout goes on. Come back with:\n  sluice watch web");
  });

  test("ends at 130 on Ctrl-C, and says how to come back", async () => {
    const running = await waiting("start", "web", "--wait");
    running.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("interrupted: the rollout goes on. Come back with:\n  sluice watch web");
    expect(control.calls.map((call) => call.verb)).toEqual(["start"]);
  });

  test("keeps stdout for the object with -o json, and shows nothing with --progress=none", async () => {
    const running = startSluice(["start", "web", "--wait", "--progress", "none", "-o", "json"], { env: env() });
    await until("the start", () => control.calls.length === 1);
    control.move(ended("promoted", "every step passed"));
    const { stdout, stderr } = await running.ended;
    expect(JSON.parse(stdout)).toMatchObject({ id: "web-1", phase: "promoted" });
    expect(stderr).toBe("");
  });

  test("outlives a restart of the controller", async () => {
    const running = await waiting("start", "web", "--wait");
    const { port, token } = api;
    await api[Symbol.asyncDispose]();
    await until("the word that it is gone", () => running.stderr().includes("waiting for the controller"));
    control.move(ended("promoted", "every step passed"));
    api = await startApi(control, { listen: { host: "127.0.0.1", port }, token });
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(stderr).toContain("the controller answers again");
  });
});

describe("watch", () => {
  test("is data: lines on stdout, to the end of the rollout", async () => {
    const running = await waiting("watch", "web");
    control.move(rolloutView({ phase: "paused", reason: "paused by ops" }));
    await until("the pause", () => running.stdout().includes("paused by ops"));
    control.move(ended("reverted", "aborted by ops"));
    const { code, stdout } = await running.ended;
    expect(code).toBe(3);
    expect(stdout).toMatch(/paused by ops[\s\S]*web-1 canary blue → green ✖ reverted: aborted by ops$/);
  });

  test("in a form for programs has the end alone on stdout, and its lines on stderr", async () => {
    const running = await waiting("watch", "web", "-o", "json");
    control.move(rolloutView({ phase: "paused", reason: "paused by ops" }));
    await until("the pause", () => running.stderr().includes("paused by ops"));
    control.move(ended("reverted", "aborted by ops"));
    expect(JSON.parse((await running.ended).stdout)).toMatchObject({ id: "web-1", phase: "reverted" });
    const over = await sluice(["watch", "web", "-o", "json"], { env: env() });
    expect(JSON.parse(over.stdout)).toMatchObject({ id: "web-1", phase: "reverted" });
  });

  test("ends at 130 on Ctrl-C", async () => {
    const running = await waiting("watch", "web");
    running.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130, stderr: "web-1 goes on; come back with: sluice watch web" });
  });
});

describe("events -f", () => {
  test("goes on with what happens, until Ctrl-C", async () => {
    const running = await waiting("events", "web", "-f");
    control.happen({ kind: "held", text: "too few requests" });
    await until("the new event", () => running.stdout().includes("too few requests"));
    running.kill("SIGINT");
    expect((await running.ended).code).toBe(130);
  });

  test("loses and doubles nothing when the controller restarts", async () => {
    const running = await waiting("events", "-f", "-o", "json");
    control.happen({ text: "before it goes" });
    await until("the event from before", () => running.stdout().includes("before it goes"));
    const { port, token } = api;
    await api[Symbol.asyncDispose]();
    control.happen({ text: "while it was gone" });
    api = await startApi(control, { listen: { host: "127.0.0.1", port }, token });
    await until("the event from meanwhile", () => running.stdout().includes("while it was gone"));
    control.happen({ text: "afterwards" });
    await until("the event from afterwards", () => running.stdout().includes("afterwards"));
    running.kill("SIGTERM");
    const { stdout } = await running.ended;
    expect(stdout.split("\n").map((line) => JSON.parse(line).seq)).toEqual([1, 2, 3, 4]);
  });
});
