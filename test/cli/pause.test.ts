import { afterEach, beforeEach, expect, test } from "vitest";
import type { HookRunView, RolloutView } from "../../src/core/view.ts";
import { type RunningApi, startApi } from "../support/api.ts";
import { startSluice } from "../support/cli.ts";
import { until } from "../support/nginx.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { explanationView, rolloutView, serviceView } from "../support/views.ts";

const PAUSED = rolloutView({ phase: "paused", reason: "paused by tester" });
const DEPLOY: HookRunView = {
  name: "deploy",
  point: "deploy",
  member: "127.0.0.1:8003",
  step: 0,
  run: 1,
  is: "running",
  startedAt: "2026-03-01T10:00:00.000Z",
  endedAt: null,
  text: "",
  output: "",
};

let control: ScriptedControl;
let api: RunningApi;

beforeEach(async () => {
  control = new ScriptedControl(serviceView({ rollout: rolloutView() }));
  control.reactions.pause = (service) => ({ ...service, rollout: PAUSED });
  api = await startApi(control);
});
afterEach(() => api[Symbol.asyncDispose]());

const pause = (...args: string[]) =>
  startSluice(["pause", "web", ...args], { env: { SLUICE_URL: api.url, SLUICE_TOKEN: api.token } });

/** What was begun before the pause. */
function hook(is: HookRunView["is"], rollout: RolloutView = PAUSED): void {
  control.explanations.set(PAUSED.id, explanationView(rollout, { hooks: [{ ...DEPLOY, is }] }));
}

test("pause --wait comes back when the hook that ran is over and nginx has what was wanted", { timeout: 30_000 }, async () => {
  hook("running");
  const running = pause("--wait");
  await until("it waits", () => running.stderr().includes("deploy still runs for 127.0.0.1:8003"), 20_000);
  const service = serviceView({ rollout: PAUSED });
  const targets = service.applied.targets.map((target) => ({ ...target, state: "applying" as const, reason: "pacing" }));
  control.put({ ...service, applied: { ...service.applied, targets } });
  hook("succeeded");
  await until("it waits for nginx", () => running.stderr().includes("waiting for nginx: local pacing"), 20_000);
  control.put(service);
  expect(await running.ended).toMatchObject({ code: 0, stdout: expect.stringContaining("paused") });
});

test("pause --wait ends with 4 at --timeout, and says what still runs", { timeout: 30_000 }, async () => {
  hook("running");
  const { code, stderr } = await pause("--wait", "--timeout", "300ms").ended;
  expect(code).toBe(4);
  expect(stderr).toContain("still not at rest after 300ms: deploy still runs for 127.0.0.1:8003");
});

test.each([
  ["is resumed meanwhile is exit 5", "observing", 5],
  ["fails meanwhile is exit 3", "reverting", 3],
] as const)("a pause that %s", { timeout: 30_000 }, async (_, phase, exit) => {
  hook("running");
  const running = pause("--wait");
  await until("it waits", () => running.stderr().includes("still runs"), 20_000);
  hook("running", rolloutView({ phase, reason: "so it is" }));
  const { code, stderr } = await running.ended;
  expect(code).toBe(exit);
  expect(stderr).toContain(`web-1 is not paused any more but ${phase}: so it is`);
});

test("pause without --wait is back at once", { timeout: 30_000 }, async () => {
  hook("running");
  expect((await pause().ended).code).toBe(0);
});
