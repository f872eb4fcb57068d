import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { PlanView } from "../../src/core/planned.ts";
import { unifiedDiff } from "../../src/nginx/diff.ts";
import { Stack } from "./stack.ts";

const STEPS = `    canary:
      steps: [{ share: 10%, until: approved }]
      checks: []
      bake: 0s`;

type Disk = { readonly generation: string; readonly files: ReadonlyMap<string, string> };

/** nginx's files as they lie there. */
function diskOf(stack: Stack): Disk {
  const folder = join(stack.nginx.prefix, "sluice");
  const generation = readlinkSync(join(folder, "current")).slice("gen-".length);
  const names = readdirSync(join(folder, "current")).filter((name) => name.endsWith(".conf"));
  return { generation, files: new Map(names.sort().map((name) => [name, readFileSync(join(folder, "current", name), "utf8")])) };
}

/** What became of the files, apart from the number of their generation. */
function difference(before: Disk, after: Disk): string {
  const then = (text: string) => text.replaceAll(after.generation, before.generation);
  return [...after.files]
    .map(([name, text]) => unifiedDiff(`current/${name}`, before.files.get(name) ?? "", `next/${name}`, then(text)))
    .join("");
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
  const before = diskOf(stack);
  const plan = await planned(stack);
  expect(diskOf(stack)).toEqual(before);
  expect((await stack.service()).rollout).toBeNull();
  expect(plan.steps.map(({ nginx }) => nginx[0]?.change)).toEqual(["reload", "reload", "nothing"]);

  await stack.api("POST", "/v1/services/web/rollouts", { strategy: "canary" });
  await stack.reaches("waiting", 0);
  expect(shown(plan, 0)?.diff).toContain("weight=");
  expect(difference(before, diskOf(stack))).toBe(shown(plan, 0)?.diff);
  await stack.api("POST", "/v1/services/web/rollout/advance", {});
  await stack.reaches("promoted");
  expect(difference(before, diskOf(stack))).toBe(shown(plan, 1)?.diff);
});

test("a live service moves its shares without a reload, and its commit is the difference that was shown", {
  timeout: 60_000,
}, async () => {
  await using stack = await Stack.start({ service: STEPS });
  const offline = await planned(stack);
  await stack.serve();
  await stack.applied();
  const before = diskOf(stack);
  const plan = await planned(stack);
  expect(plan.steps.map(({ nginx }) => nginx[0]?.change)).toEqual(["tables", "tables", "reload"]);
  expect(offline.steps.map(({ nginx }) => nginx)).toEqual(plan.steps.map(({ nginx }) => nginx));

  await stack.api("POST", "/v1/services/web/rollouts", { strategy: "canary" });
  await stack.reaches("waiting", 0);
  expect(diskOf(stack)).toEqual(before);
  await stack.api("POST", "/v1/services/web/rollout/advance", {});
  await stack.reaches("promoted");
  await stack.applied();
  expect(difference(before, diskOf(stack))).toBe(shown(plan, 2)?.diff);
});

test("without a controller, a plan takes nothing of a changed configuration to nginx", { timeout: 60_000 }, async () => {
  await using stack = await Stack.start({ service: STEPS });
  const before = diskOf(stack);
  writeFileSync(stack.config, readFileSync(stack.config, "utf8").replace("routing: live", "routing: weighted"));
  const plan = await planned(stack);
  expect(plan.steps[0]?.nginx[0]).toMatchObject({ change: "reload", diff: expect.stringContaining("weight=") });
  expect(plan.steps[0]?.before[0]?.missing).toMatch(/0 of 2 members of green are ready/);
  expect(diskOf(stack)).toEqual(before);
});
