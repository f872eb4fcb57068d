import { expect, test } from "vitest";
import { explainedLines } from "../../src/cli/format/explained.ts";
import { BARE } from "../../src/cli/format/style.ts";
import { decisionSentence } from "../../src/core/explained.ts";
import type { HookRunView } from "../../src/core/view.ts";
import { startApi } from "../support/api.ts";
import { sluice } from "../support/cli.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { comparedView, explanationView, rolloutView, serviceView, windowView } from "../support/views.ts";

const NOW = Date.parse("2026-03-01T10:00:30.000Z");
const TEXT = "41 of 1 203 requests failed on green, 9 of 3 650 on blue over the same 90 s; evidence 3 100 against, 100 needed";
const back = rolloutView({ phase: "reverted", step: 1, reason: `errors: ${TEXT}` });
const bound = comparedView({
  ...{ name: "bound", rule: { kind: "below", bound: 0.02 }, is: "inconclusive", value: 0.01, limit: "< 2 %", samples: 12 },
  ...{ windowMs: 4_000, text: "12 of 20 requests" },
  basis: {
    ...{ from: null, to: null, windows: null, canary: null, stable: null, sample: null, slowMs: null },
    ...{ logHarm: null, logHarmNeeded: null, logHealthy: null, logHealthyNeeded: null },
    needed: { requests: 8, ms: 26_000 },
  },
});

/** Cells of the line that begins with a word. */
function cells(lines: readonly string[], first: string): readonly string[] {
  return (
    lines
      .find((line) => line.startsWith(first))
      ?.trim()
      .split(/ {2,}/) ?? []
  );
}

test("a decision is a sentence: what, where, why", () => {
  expect(decisionSentence(back)).toBe(`Reverted at 50 % to green: errors: ${TEXT}`);
  expect(decisionSentence(rolloutView())).toBe("Observing: watching 5 % to green for its time");
  const label = "batch 3 of 4: 10.0.0.3:80 back";
  const steps = [{ label, shares: { blue: 10_000 }, state: "now", until: "time" }] as const;
  const waits = rolloutView({ phase: "waiting", steps, reason: "batch 3 of 4: deploy runs for 10.0.0.3:80" });
  expect(decisionSentence(waits)).toBe("Waiting: batch 3 of 4: deploy runs for 10.0.0.3:80");
  const turned = rolloutView({
    phase: "reverted",
    steps: steps.map((step) => ({ ...step, state: "stopped" })),
    reason: "aborted by ops",
  });
  expect(decisionSentence(turned)).toBe("Reverted at batch 3 of 4: aborted by ops");
  expect(decisionSentence(rolloutView({ phase: "promoted", reason: "every step passed" }))).toBe("Promoted: every step passed");
});

test("each check stands under it with its counts, evidence, thresholds and window, and what it says is not cut", () => {
  const explanation = explanationView(back);
  const [check] = explanation.checks;
  if (check === undefined) throw new Error("there is a check");
  const lines = explainedLines({ ...explanation, checks: [{ ...check, text: TEXT }] }, BARE, NOW, false);
  expect(lines[0]).toBe(decisionSentence(back));
  expect(cells(lines, "CHECK").slice(2, 4)).toEqual(["GREEN", "BLUE"]);
  const [, , green, blue, value, limit, window, against, infavour, needs] = cells(lines, "errors  ");
  expect([green, blue, value, limit]).toEqual(["41/1203", "9/3650", "3.4%", "blue + 10 %"]);
  expect(window).toMatch(/^1m 30s to .*\d\d:\d\d:\d\d$/);
  expect([against, infavour, needs]).toEqual(["3 100 of 100", "0.2 of 20", "-"]);
  expect(lines).toContain(`errors: ${TEXT}`);
  expect(cells(lines, "AT")).toEqual(["AT", "STEP", "DECISION", "WHY"]);
  expect(lines.at(-1)).toMatch(/2 {2}revert {4}errors: 41 of/);
});

test("counts of a sample are marked as such under the table", () => {
  const explanation = explanationView(back);
  const sampled = explanation.checks.map((check) => ({
    ...check,
    basis: check.basis === null ? null : { ...check.basis, sample: 1_000 },
  }));
  const lines = explainedLines({ ...explanation, checks: sampled }, BARE, NOW, false);
  expect(lines).toContain("errors: counts are of a sample, 10% of the requests");
});

test("a fixed bound has its value and what is still missing, and none of the evidence", () => {
  const checks = [{ ...bound, recorded: [], dropped: 0 }];
  const lines = explainedLines(explanationView(rolloutView(), { checks, decisions: [] }), BARE, NOW, true);
  expect(cells(lines, "CHECK")).toEqual(["CHECK", "VERDICT", "VALUE", "LIMIT", "WINDOW", "NEEDS"]);
  expect(cells(lines, "bound").slice(2)).toEqual(["1% of 12", "< 2 %", "4s", "~8 requests, 26s"]);
  expect(explainedLines(explanationView(rolloutView(), { checks: [], decisions: [] }), BARE, NOW, true)).toContain(
    "no check judged it",
  );
});

test("with --windows each window stands there with the evidence after it", () => {
  const explanation = explanationView(back);
  const [check] = explanation.checks;
  if (check === undefined) throw new Error("there is a check");
  const recorded = [windowView(), windowView({ entry: 3, canary: { n: 20, x: 20 }, part: true })];
  const lines = explainedLines({ ...explanation, checks: [{ ...check, recorded, dropped: 12 }] }, BARE, NOW, true);
  const from = lines.indexOf("windows of errors");
  expect(lines[from + 1]).toBe("12 older windows are no longer kept");
  expect(lines[from + 3]).toMatch(/2 {2}.*:01:00 +1m +20\/600 +4\/1800 +20 +1\.6/);
  expect(lines[from + 4]).toMatch(/3 {2}.* 20\/20 +4\/1800 +an outage +-/);
});

test("every hook stands with how it ended, and what those said that did not end well", () => {
  const at = { startedAt: "2026-03-01T10:00:00.000Z", endedAt: "2026-03-01T10:00:12.000Z", step: 0 } as const;
  const good = { is: "succeeded", text: "succeeded", output: "fine" } as const;
  const hooks: readonly HookRunView[] = [
    { ...at, ...good, name: "migrate", point: "beforeStart", member: null, run: 2 },
    {
      ...at,
      name: "deploy",
      point: "deploy",
      member: "10.0.0.1:80",
      run: 1,
      is: "failed",
      text: "ended with 1: no space",
      output: "1\n\u001b[2Jno space",
    },
    { ...at, name: "gate", point: "beforePromote", member: null, run: 1, is: "running", endedAt: null, text: "", output: "" },
  ];
  const lines = explainedLines(explanationView(back, { hooks }), BARE, NOW, false);
  expect(cells(lines, "BEGAN")).toEqual(["BEGAN", "HOOK", "AT", "TOOK", "RESULT"]);
  const rows = lines
    .filter((line) => / (?:beforeStart|deploy|beforePromote) /.test(line))
    .map((line) => line.trim().split(/ {2,}/).slice(1));
  expect(rows).toEqual([
    ["migrate (run 2)", "beforeStart", "12s", "succeeded"],
    ["deploy for 10.0.0.1:80", "deploy", "12s", "ended with 1: no space"],
    ["gate", "beforePromote", "30s", "runs"],
  ]);
  expect(lines.slice(-3)).toEqual(["deploy for 10.0.0.1:80 said", "1", expect.not.stringContaining("\u001b")]);
  expect(lines.join("\n")).not.toContain("fine");
});

test("the command explains a rollout by its id, and says where there is none", async () => {
  const control = new ScriptedControl(serviceView({ rollout: back }));
  await using api = await startApi(control);
  const env = { SLUICE_URL: api.url, SLUICE_TOKEN: api.token };
  const said = await sluice(["explain", back.id], { env });
  expect(said.code, said.stderr).toBe(0);
  expect(said.stdout.split("\n")[0]).toBe(decisionSentence(back));
  expect(said.stdout).not.toContain("windows of");
  expect((await sluice(["explain", back.id, "--windows"], { env })).stdout).toContain("windows of errors");
  expect(JSON.parse((await sluice(["explain", back.id, "-o", "json"], { env })).stdout)).toEqual(explanationView(back));
  expect((await sluice(["explain", "web-99"], { env })).code).toBe(2);
});
