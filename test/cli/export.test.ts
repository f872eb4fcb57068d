import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exportOf } from "../../src/cli/exporting.ts";
import { startApi } from "../support/api.ts";
import { sluice } from "../support/cli.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { explanationView, rolloutView, serviceView, windowView } from "../support/views.ts";

const rollout = rolloutView({ phase: "reverted", startedAt: "2026-03-01T10:00:00.000Z" });
const explanation = explanationView(rollout);
const [check] = explanation.checks;
if (check === undefined) throw new Error("there is a check");
const rule = { kind: "compare", margin: 0.1, alpha: 0.01, beta: 0.05, harmful: { ratio: 2, delta: 0.005 }, level: "critical" };
const failures = {
  ...check,
  rule,
  recorded: [
    windowView({ entry: 1, canary: { n: 100, x: 1 }, stable: { n: 1_900, x: 19 } }),
    windowView({ entry: 2, at: "2026-03-01T10:02:00.500Z", canary: { n: 400, x: 200 }, stable: { n: 1_600, x: 1 }, part: true }),
  ],
};

test("the windows of a rollout become what judge reads: seconds since its start, the step, both pools' counts", async () => {
  const { lines, notes } = exportOf({ ...explanation, checks: [failures] }, null);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { t: 60, step: 1, canary: { n: 100, x: 1 }, stable: { n: 1_900, x: 19 } },
    { t: 120.5, step: 2, canary: { n: 400, x: 200 }, stable: { n: 1_600, x: 1 }, part: true },
  ]);
  expect(notes).toEqual([]);
  const folder = await mkdtemp(join(tmpdir(), "sluice-export-"));
  await writeFile(join(folder, "windows.jsonl"), lines.join("\n"));
  const judged = await sluice(["judge", "windows.jsonl", "-o", "json"], { cwd: folder });
  await rm(folder, { recursive: true });
  const [first, second] = judged.stdout.split("\n").map((line) => JSON.parse(line));
  // A part is looked at by the fast path alone.
  expect(second).toMatchObject({ verdict: "revert", logHarm: first.logHarm });
});

test("what must be known to get the same verdicts is said beside them", () => {
  const checks = [{ ...failures, dropped: 12, rule: { ...rule, margin: 0.25, alpha: 0.05 } }];
  expect(exportOf({ ...explanation, checks }, null).notes).toEqual([
    "12 older windows are no longer kept, so that the evidence differs from what was decided by",
    "this check's own rule: sluice judge FILE --rho0 1.25 --alpha 0.05",
  ]);
});

test("windows in which all the traffic was on the candidate are left out, and that is said", () => {
  const baked = windowView({ entry: 3, canary: { n: 2_000, x: 3 }, stable: { n: 0, x: 0 }, logHealthy: null });
  const { lines, notes } = exportOf({ ...explanation, checks: [{ ...failures, recorded: [...failures.recorded, baked] }] }, null);
  expect(lines).toHaveLength(2);
  expect(notes).toEqual([
    "1 windows with all the traffic on the candidate are left out: they were held against what was recorded of stable",
  ]);
});

test("only comparisons of failures can be replayed, and one at a time", () => {
  const latency = { ...failures, name: "latency", recorded: [windowView({ slowMs: 80, logHealthy: null })] };
  const other = { ...failures, name: "other" };
  expect(exportOf({ ...explanation, checks: [latency, failures] }, null).lines).toHaveLength(2);
  expect(exportOf({ ...explanation, checks: [failures, other] }, "other").lines).toHaveLength(2);
  expect(() => exportOf({ ...explanation, checks: [failures, other] }, null)).toThrow(
    "web-1 compared failures by several checks",
  );
  expect(() => exportOf({ ...explanation, checks: [latency] }, "latency")).toThrow("no recorded windows of a check latency");
  expect(() => exportOf({ ...explanation, checks: [{ ...failures, recorded: [] }] }, null)).toThrow(
    "web-1 has no recorded windows",
  );
});

test("the command prints the lines alone, and knows nothing of following", async () => {
  const control = new ScriptedControl(serviceView({ rollout }));
  control.explanations.set(rollout.id, { ...explanation, checks: [failures] });
  await using api = await startApi(control);
  const env = { SLUICE_URL: api.url, SLUICE_TOKEN: api.token };
  const said = await sluice(["events", "--export", rollout.id], { env });
  expect(said).toMatchObject({ code: 0, stderr: "" });
  expect(said.stdout.split("\n")).toHaveLength(2);
  expect((await sluice(["events", "--export", rollout.id, "--check", "none"], { env })).code).toBe(2);
  expect((await sluice(["events", "--export", rollout.id, "-f"], { env })).code).toBe(2);
  expect((await sluice(["events", "--export", "web-99"], { env })).code).toBe(2);
});
