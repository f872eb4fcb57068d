import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { liveLines } from "../../src/cli/format/live.ts";
import { batchBars } from "../../src/cli/format/rolling.ts";
import { stateLine } from "../../src/cli/format/state-line.ts";
import { BARE } from "../../src/cli/format/style.ts";
import type { RollingView } from "../../src/core/view.ts";
import { type RunningApi, startApi } from "../support/api.ts";
import { type Ran, sluice } from "../support/cli.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { rollingView, rolloutView, serviceView } from "../support/views.ts";

const failing = { members: ["127.0.0.1:8002"], text: "deploy failed: 127.0.0.1:8002: exit code 1" };

/** `web` is updated in place; `127.0.0.1:8001` has the new version, `127.0.0.1:8002` is worked on. */
function rolling(more: Partial<RollingView> = {}) {
  const steps = [{ label: "batch 2 of 3: 127.0.0.1:8002 back", shares: { blue: 10_000 }, state: "now", until: "time" }] as const;
  const reason = "batch 2 of 3: deploy runs for 127.0.0.1:8002";
  return rolloutView({
    strategy: "rolling",
    to: "blue",
    phase: "waiting",
    steps,
    reason,
    remainingMs: 60_000,
    rolling: rollingView(more),
  });
}

let control: ScriptedControl;
let api: RunningApi;
beforeEach(async () => {
  control = new ScriptedControl(serviceView({ rollout: rolling() }));
  control.reactions.start = (service) => ({ ...service, rollout: rolling() });
  api = await startApi(control);
});
afterEach(() => api[Symbol.asyncDispose]());

function run(...args: string[]): Promise<Ran> {
  return sluice(args, { env: { SLUICE_URL: api.url, SLUICE_TOKEN: api.token } });
}

describe("a rolling update", () => {
  test("is started with its version, and takes no steps", async () => {
    expect((await run("start", "web", "--strategy", "rolling", "--version", "v42", "--detach")).code).toBe(0);
    expect(control.calls.at(-1)).toMatchObject({ verb: "start", input: { strategy: "rolling", to: null, version: "v42" } });
    const { code, stderr } = await run("start", "web", "--strategy", "rolling", "--steps", "5%:1m");
    expect([code, stderr]).toEqual([2, expect.stringContaining("rolling goes member by member")]);
  });

  test("has a line a member in status", async () => {
    const { stdout } = await run("status", "web");
    const from = stdout.slice(stdout.indexOf("BATCH"));
    const lines = from.split("\n").map((line) => line.trim().split(/ {2,}/));
    expect(lines.slice(0, 4)).toEqual([
      ["BATCH", "MEMBER", "STATE", "VERSION", "REASON"],
      ["1", "127.0.0.1:8001", "✔ updated", "v42"],
      ["2", "127.0.0.1:8002", "◌ deploying", "maybe new"],
      ["3", "127.0.0.1:8003", "· pending", "as before"],
    ]);
    expect(stdout).toContain("rolling blue");
  });

  test.each(["skip", "exclude"])("takes %s for a member, or for the one that failed", async (verb) => {
    expect((await run(verb, "web", "127.0.0.1:8002", "--reason", "broken disk")).code).toBe(0);
    expect(control.calls.at(-1)).toMatchObject({ verb, input: { member: "127.0.0.1:8002", reason: "broken disk" } });
    expect((await run(verb, "web")).code).toBe(0);
    expect(control.calls.at(-1)).toMatchObject({ verb, input: { member: null } });
  });

  test("ends a wait at 8 where members failed, and says what can be done about them", async () => {
    const hold = { on: "failure", reason: failing.text } as const;
    control.put(serviceView({ rollout: { ...rolling({ failing }), hold, remainingMs: null, reason: failing.text } }));
    const { code, stderr } = await run("status", "web", "--wait");
    expect(code).toBe(8);
    for (const verb of ["retry web", "skip web 127.0.0.1:8002", "exclude web 127.0.0.1:8002", "abort web"])
      expect(stderr).toContain(`  sluice ${verb}\n`.trimEnd());
  });
});

describe("its progress", () => {
  test("is a bar for each batch under one for all", () => {
    expect(batchBars(rollingView(), BARE)).toEqual([
      "all          |#########-----------| 1 of 3 updated",
      "batch 1 of 3 |####################| updated 127.0.0.1:8001",
      "batch 2 of 3 |#######-------------| deploying 127.0.0.1:8002",
      "batch 3 of 3 |--------------------| pending 127.0.0.1:8003",
    ]);
  });

  test("is what a terminal shows, in place of a share", () => {
    const frame = {
      service: serviceView(),
      rollout: rolling(),
      events: [],
      ageMs: 0,
      trouble: null,
      notice: null,
      keys: [],
      footer: "Ctrl-C stops",
    };
    const lines = liveLines(frame, BARE, 40, Date.parse("2026-03-01T10:00:30.000Z"));
    expect(lines[0]).toBe("web   rolling web-1 v42   blue");
    for (const bar of batchBars(rollingView(), BARE)) expect(lines).toContain(bar);
  });

  test("is cut to the width of the terminal", () => {
    for (const line of batchBars(rollingView(), { ...BARE, columns: 40 })) expect(line.length).toBeLessThanOrEqual(40);
  });

  test("is a sentence elsewhere", () => {
    expect(stateLine(rolling())).toBe(
      "Waiting for rollout web-1 to finish: 1 of 3 updated: waiting: batch 2 of 3: deploy runs for 127.0.0.1:8002",
    );
  });
});
