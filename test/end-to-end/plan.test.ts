import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { PlanView } from "../../src/core/planned.ts";
import { unifiedDiff } from "../../src/nginx/diff.ts";
import { Stack } from "./stack.ts";

const STEPS = `    canary:
      steps: [{ share: 10%, until: approved }]
      checks: []
      bake: 0s`;

/** nginx's files as they lie there, without the number of their generation. */
function filesOf(stack: Stack): ReadonlyMap<string, string> {
  const folder = join(stack.nginx.prefix, "sluice");
  const generation = readlinkSync(join(folder, "current")).slice("gen-".length);
  const names = readdirSync(join(folder, "current")).filter((name) => name.endsWith(".conf"));
  const text = (name: string) => readFileSync(join(folder, "current", name), "utf8").replaceAll(generation, "0-00000000");
  return new Map(names.sort().map((name) => [name, text(name)]));
}

function difference(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string {
  return [...after].map(([name, text]) => unifiedDiff(`current/${name}`, before.get(name) ?? "", `next/${name}`, text)).join("");
}

async function planned(stack: Stack): Promise<PlanView> {
  const said = await stack.cli("plan", "web", "-o", "json", "--detailed-exitcode");
  expect(said, said.err).toMatchObject({ code: 10 });
  return JSON.parse(said.out) as PlanView;
}

const shown = (plan: PlanView, step: number) => plan.steps[step]?.nginx[0];

test("what a plan shows of a weighted service is what its steps then change", { timeout: 60_000 }, async () => {
  await using stack = await Stack.start({ routing: "weighted", service: STEPS });
  await stack.serve();
  await stack.applied();
  const before = filesOf(stack);
  const plan = await planned(stack);
  expect(filesOf(stack)).toEqual(before);
  expect((await stack.service()).rollout).toBeNull();
  expect(plan.steps.map(({ nginx }) => nginx[0]?.change)).toEqual(["reload", "reload", "nothing"]);

  await stack.api("POST", "/v1/services/web/rollouts", { strategy: "canary" });
  await stack.reaches("waiting", 0);
  expect(shown(plan, 0)?.diff).toContain("weight=");
  expect(difference(before, filesOf(stack))).toBe(shown(plan, 0)?.diff);
  await stack.api("POST", "/v1/services/web/rollout/advance", {});
  await stack.reaches("promoted");
  expect(difference(before, filesOf(stack))).toBe(shown(plan, 1)?.diff);
});

test("a live service moves its shares without a reload, and its commit is the difference that was shown", {
  timeout: 60_000,
}, async () => {
  await using stack = await Stack.start({ service: STEPS });
  const offline = await planned(stack);
  await stack.serve();
  await stack.applied();
  const before = filesOf(stack);
  const plan = await planned(stack);
  expect(plan.steps.map(({ nginx }) => nginx[0]?.change)).toEqual(["tables", "tables", "reload"]);
  expect(offline.steps.map(({ nginx }) => nginx)).toEqual(plan.steps.map(({ nginx }) => nginx));

  await stack.api("POST", "/v1/services/web/rollouts", { strategy: "canary" });
  await stack.reaches("waiting", 0);
  expect(filesOf(stack)).toEqual(before);
  await stack.api("POST", "/v1/services/web/rollout/advance", {});
  await stack.reaches("promoted");
  await stack.applied();
  expect(difference(before, filesOf(stack))).toBe(shown(plan, 2)?.diff);
});
