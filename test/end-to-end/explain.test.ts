import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { ExplanationView } from "../../src/core/explained.ts";
import { steady } from "../support/client.ts";
import { Stack } from "./stack.ts";

/** A step that ends with its evidence; real windows are 60 s long. */
const UNTIL_EVIDENCE = `      served: { source: nginx, measure: errors, window: 1s, interval: 250ms }
    canary:
      steps: [{ share: 40%, until: evidence, for: 1s, hold: { atMost: 40s, then: abort } }]
      checks: [{ metric: served, compare: stable }]
      bake: 0s`;

/** On a slow machine a window may pass between the last step and its end. */
const ALONE = /^(note: \d+ windows with all the traffic on the candidate are left out: .*)?$/;

it("a step ends with its evidence, which is explained, exported and judged again to the same figures", {
  timeout: 60_000,
}, async () => {
  await using stack = await Stack.start({ service: UNTIL_EVIDENCE, logOff: false });
  await stack.serve();
  await using _client = steady(stack.url, { connections: 8 });
  await stack.cli("start", "web", "--detach");
  const observing = await stack.reaches("observing", 0);
  expect(observing.steps[0]).toMatchObject({ label: "40 % until evidence", until: "evidence" });
  expect(observing.remainingMs).toBeGreaterThan(20_000);
  const { id } = await stack.reaches("promoted", null, 40_000);

  const { status, body } = await stack.api("GET", `/v1/rollouts/${id}/explanation`);
  expect(status).toBe(200);
  const { decisions, checks } = body as ExplanationView;
  const [check] = checks;
  const advance = decisions.find(({ decision }) => decision === "advance");
  expect(advance).toMatchObject({
    step: 0,
    text: expect.stringMatching(/^40 % until evidence is over: served: 0 of [\d ]+ requests/),
  });
  const basis = advance?.checks[0]?.basis;
  expect(basis?.logHealthy).toBeGreaterThanOrEqual(Math.log(20));
  expect(check?.recorded.length).toBeGreaterThan(0);

  const said = await stack.cli("explain", id, "--windows");
  expect(said.out).toMatch(/^Promoted: every step passed/);
  expect(said.out).toContain("windows of served");

  const exported = await stack.cli("events", "--export", id);
  expect(exported, exported.err).toMatchObject({ code: 0, err: expect.stringMatching(ALONE) });
  await writeFile(join(stack.nginx.prefix, "windows.jsonl"), exported.out);
  const judged = await stack.cli("judge", join(stack.nginx.prefix, "windows.jsonl"), "-o", "json");
  const again = judged.out.split("\n").map((line) => JSON.parse(line) as { logHarm: number; logHealthy: number });
  expect(again).toHaveLength(check?.recorded.length ?? 0);
  for (const [index, { logHarm, logHealthy }] of again.entries()) {
    expect(logHarm).toBeCloseTo(check?.recorded[index]?.logHarm ?? Number.NaN, 9);
    expect(logHealthy).toBeCloseTo(check?.recorded[index]?.logHealthy ?? Number.NaN, 9);
  }

  // It needs no running controller.
  await stack.killController();
  const offline = await stack.cli("explain", id, "-o", "json");
  expect(offline, offline.err).toMatchObject({ code: 0 });
  expect(JSON.parse(offline.out)).toMatchObject({ text: "Promoted: every step passed", checks: [{ recorded: check?.recorded }] });
});
