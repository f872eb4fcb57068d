import { expect, test } from "vitest";
import { decisionSentence, explainedLines } from "../../src/cli/format/explained.ts";
import { BARE } from "../../src/cli/format/style.ts";
import { startApi } from "../support/api.ts";
import { sluice } from "../support/cli.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { checkView, rolloutView, serviceView } from "../support/views.ts";

const NOW = Date.parse("2026-03-01T10:00:30.000Z");
const TEXT = "41 of 1 203 requests failed on green, 9 of 3 650 on blue over the same 90 s; evidence 3 100 against, 100 needed";
const back = rolloutView({
  phase: "reverted",
  step: 1,
  reason: `errors: ${TEXT}`,
  checks: [checkView({ is: "fail", limit: "blue + 10 %", samples: 1203, text: TEXT })],
});

test("a decision is a sentence: what, where, why", () => {
  expect(decisionSentence(back)).toBe(`Reverted at 50 % to green: errors: ${TEXT}`);
  expect(decisionSentence(rolloutView({ phase: "promoted", reason: "every step passed" }))).toBe("Promoted: every step passed");
});

test("each check stands under it with its limit, and is not cut", () => {
  const lines = explainedLines(back, { ...BARE, columns: 60 }, NOW);
  expect(lines.join("\n")).toMatch(/errors {3}.*fail {3}limit blue \+ 10 %, from 1203/);
  expect(lines.at(-1)).toBe(`  ${TEXT}`);
  expect(explainedLines(rolloutView(), BARE, NOW)).toContain("no check judged it");
});

test("the command explains a rollout by its id, and says where there is none", async () => {
  const control = new ScriptedControl(serviceView({ rollout: back }));
  await using api = await startApi(control);
  const env = { SLUICE_URL: api.url, SLUICE_TOKEN: api.token };
  const said = await sluice(["explain", back.id], { env });
  expect(said.code, said.stderr).toBe(0);
  expect(said.stdout.split("\n")[0]).toBe(decisionSentence(back));
  expect(JSON.parse((await sluice(["explain", back.id, "-o", "json"], { env })).stdout)).toEqual(back);
  expect((await sluice(["explain", "web-99"], { env })).code).toBe(2);
});
