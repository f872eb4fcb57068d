import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { plannedLines } from "../../src/cli/format/planned.ts";
import { BARE } from "../../src/cli/format/style.ts";
import { parseErrors, parseRate } from "../../src/cli/traffic.ts";
import { type RunningApi, startApi } from "../support/api.ts";
import { type Ran, sluice } from "../support/cli.ts";
import { COMMIT_DIFF, plannedStep, planView } from "../support/plans.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { serviceView } from "../support/views.ts";

const text = (...args: Parameters<typeof planView>) => plannedLines(planView(...args), BARE).join("\n");

describe("the lines of a plan", () => {
  test("have each step with its time, what it needs, what it does without, and what nginx does", () => {
    expect(text()).toMatch(/^web {3}canary blue -> green {3}3 steps, 1m at least$/m);
    expect(text()).toMatch(/^ +1 {2}5 % +blue 95%, green 5% +green healthy +1m +errors +until it has them +table swap$/m);
    expect(text()).toMatch(/^ +3 {2}commit +green 100% +- +- +- +- +reload$/m);
    const ramp = { fromBp: 500, toBp: 5_000, quantumBp: 100, everyMs: 5_000 };
    const reloads = { target: "edge-1", change: "reload", times: 45, diff: "", problem: null } as const;
    const nginx = [reloads, { ...reloads, target: "edge-2", change: "tables" } as const];
    const hold = { atMostMs: 900_000, then: "abort" } as const;
    expect(text({ steps: [plannedStep({ ramp, nginx, hold })] })).toMatch(
      /1m, 1% every 5s +errors +15m, then goes back +edge-1: 45 reloads, edge-2: 45 table swaps/,
    );
    const waits = [plannedStep({ until: "approval", leastMs: 0 }), plannedStep({ until: "evidence", leastMs: 10_000 })];
    expect(text({ steps: waits })).toMatch(/one waits for a person[\s\S]*until approved[\s\S]*10s at least, until evidence/);
  });

  test("have what each step can find, and for which traffic", () => {
    expect(text()).toContain("At 10 requests a second (measured over 10m); 0.1% fail on blue (given):");
    expect(text()).toMatch(/^ +1 {2}errors +30 +827 +28m +40% or more \(400 times\) +21 requests at most$/m);
    expect(text()).toMatch(/^! step 1: 5 % for 60 s gives about 30 requests on green; errors needs 827/m);
    const outage = {
      name: "errors",
      kind: "compare",
      foreseen: true,
      needed: false,
      requests: 5,
      requestsToPass: null,
      passesAfterMs: null,
      detects: null,
      mostLost: 9,
    } as const;
    expect(text({ steps: [plannedStep({ checks: [outage] })] })).toMatch(
      /errors \(not needed\) +5 +- +never +an outage +9 requests/,
    );
    expect(text({ steps: [plannedStep({ checks: [{ ...outage, mostLost: null }] })] })).toMatch(/never +nothing +-$/m);
    const latencies = { ...outage, foreseen: false, mostLost: null };
    expect(text({ steps: [plannedStep({ checks: [latencies] })] })).toMatch(/not needed\) +5 +- +- +- +-$/m);
  });

  test("say how to get figures where no rate is known", () => {
    const traffic = { requestsPerS: null, errorRatio: null, windowMs: null };
    expect(text({ traffic })).toMatch(/not known, .*source: nginx.*--rate 50\/s --errors 0.1%/);
    expect(text({ traffic })).not.toContain("TO PASS");
  });

  test("say what stands in the way now, and what would be waited for", () => {
    const refused = { code: "rollout-running", reason: "web-7 is under way", hint: "abort it" };
    expect(text({ refused })).toMatch(/! a start would be refused now: web-7 is under way\n {2}try: abort it/);
    expect(text()).toContain("? step 1 would wait: 0 of 2 members of green are ready; 1m at most, then it goes back");
    const stable = { code: "already-stable", reason: "blue is stable already: there is nothing to do", hint: null };
    expect(text({ to: "blue", steps: [], refused: stable })).toBe(
      "web   canary blue -> blue\nblue is stable already: there is nothing to do",
    );
  });

  test("have the difference of nginx's files as it is, and why it is not there", () => {
    expect(text()).toContain(`# local, step 3, commit: nginx's files now and then\n${COMMIT_DIFF.trimEnd()}`);
    const hidden = { target: "local", change: "reload", times: 1, diff: null, problem: "your token may only read" } as const;
    expect(
      text({ steps: [plannedStep({ nginx: [hidden] }), plannedStep({ nginx: [hidden] })] }).match(
        /^# local: your token may only read$/gm,
      ),
    ).toHaveLength(1);
    const tabbed = { ...hidden, diff: "--- a\n+\tx\u001b[31m;\n", problem: null };
    expect(text({ steps: [plannedStep({ nginx: [tabbed] })] })).toContain("\n+\tx;");
  });
});

test.each([
  ["50/s", 50],
  ["90/m", 1.5],
  ["1800/h", 0.5],
  ["0.5/s", 0.5],
])("%s is a rate", (given, rate) => {
  expect(parseRate(given)).toBe(rate);
});

test.each(["50", "0/s", "-1/s", "50/d", "fast", ""])("%j is no rate", (given) => {
  expect(() => parseRate(given)).toThrow(/50\/s/);
});

test("a part of failing requests is a percentage", () => {
  expect(parseErrors("0.1%")).toBe(0.001);
  for (const wrong of ["0.1", "101%", "-1%"]) expect(() => parseErrors(wrong)).toThrow(/0\.1%/);
});

describe("the command", () => {
  const control = new ScriptedControl(serviceView());
  let api: RunningApi;
  beforeAll(async () => {
    api = await startApi(control);
  });
  afterAll(() => api[Symbol.asyncDispose]());
  const plan = (...args: readonly string[]): Promise<Ran> =>
    sluice(["plan", "web", ...args], { env: { SLUICE_URL: api.url, SLUICE_TOKEN: api.token } });

  test("asks for what a start would be asked for, and prints the API's object", async () => {
    const said = await plan("--to", "green", "--version", "v42", "--replace", "--rate", "50/s", "--errors", "0.1%", "-o", "json");
    expect(said.code, said.stderr).toBe(0);
    expect(JSON.parse(said.stdout)).toEqual(planView());
    expect(control.planned.at(-1)).toEqual({
      input: { strategy: "canary", to: "green", version: "v42", steps: null, replace: true, reason: null },
      assumed: { requestsPerS: 50, errorRatio: 0.001 },
    });
    expect(control.calls).toEqual([]);
  });

  test("tells by its exit code whether a start would change something, where that is asked for", async () => {
    expect((await plan()).code).toBe(0);
    expect((await plan("--detailed-exitcode")).code).toBe(10);
    control.plans.set("web", planView({ refused: { code: "rollout-running", reason: "web-7 is under way", hint: null } }));
    expect((await plan("--detailed-exitcode")).code).toBe(5);
    control.plans.set("web", planView({ steps: [], refused: { code: "already-stable", reason: "blue is stable", hint: null } }));
    expect((await plan("--detailed-exitcode")).code).toBe(0);
  });

  test("refuses what no start could mean", async () => {
    expect((await plan("--strategy", "blue-green", "--steps", "5%:1m")).code).toBe(2);
    expect(await plan("--rate", "50")).toMatchObject({ code: 2, stderr: expect.stringContaining("50/s") });
  });
});
