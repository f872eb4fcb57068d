import { afterEach, beforeEach, expect, test } from "vitest";
import type { MemberView } from "../../src/core/view.ts";
import { type RunningApi, startApi } from "../support/api.ts";
import { startSluice } from "../support/cli.ts";
import { until } from "../support/nginx.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { memberView, serviceView } from "../support/views.ts";

const ADDRESS = "127.0.0.1:8003";

let control: ScriptedControl;
let api: RunningApi;

beforeEach(async () => {
  control = new ScriptedControl(serviceView());
  api = await startApi(control);
});

afterEach(() => api[Symbol.asyncDispose]());

function members(...args: string[]) {
  return startSluice(["members", "web", "green", ...args], { env: { SLUICE_URL: api.url, SLUICE_TOKEN: api.token } });
}

/** The member is like this from now on. */
function put(more: Partial<MemberView>, applied: "applied" | "applying" = "applied", reason: string | null = null): void {
  const service = serviceView({ pools: { green: { from: "config", members: [memberView(ADDRESS, more)] } } });
  const targets = service.applied.targets.map((target) => ({ ...target, state: applied, reason }));
  control.put({ ...service, applied: { ...service.applied, targets } });
}

test("drain --wait tells each number until it is 0", async () => {
  put({ state: "draining" }, "applying", "pacing");
  const running = members("drain", ADDRESS, "--wait");
  const says = (text: string) => until(text, () => running.stderr().includes(text), 10_000);
  await says("waiting for nginx: local pacing");
  put({ state: "draining", inFlight: 2 });
  await says(`2 in flight to ${ADDRESS}`);
  put({ state: "draining", inFlight: 0 });
  expect(await running.ended).toMatchObject({ code: 0 });
});

test("drain --wait says where nothing can be counted, and never takes that for nothing", async () => {
  put({ state: "draining", inFlight: null });
  const { code, stderr } = await members("drain", ADDRESS, "--wait", "--timeout", "3s").ended;
  expect(code).toBe(4);
  expect(stderr).toContain("cannot be counted, as nginx's processes cannot be seen from here");
});

test("drain --wait ends where somebody puts the member back, and says what to look at", async () => {
  put({ state: "draining", inFlight: 1 });
  const running = members("drain", ADDRESS, "--wait");
  await until("it waits", () => running.stderr().includes("1 in flight"), 10_000);
  put({ state: "ready", inFlight: 1 });
  const { code, stderr } = await running.ended;
  expect(code).toBe(5);
  expect(stderr).toContain(`${ADDRESS} was put back meanwhile`);
});

test("ready --wait waits until the member is healthy, and Ctrl-C ends the wait alone", async () => {
  put({ health: "down", reason: "refused the connection" });
  const impatient = members("ready", ADDRESS, "--wait");
  const patient = members("ready", ADDRESS, "--wait");
  for (const one of [impatient, patient])
    await until("it waits", () => one.stderr().includes(`${ADDRESS} is down: refused the connection`), 10_000);
  impatient.kill("SIGINT");
  expect(await impatient.ended).toMatchObject({ code: 130, stderr: expect.stringContaining("interrupted: ") });
  put({ health: "ready" });
  expect(await patient.ended).toMatchObject({ code: 0 });
});
