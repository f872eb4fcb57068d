import { expect, test } from "vitest";
import { count } from "../support/client.ts";
import { Stack } from "./stack.ts";

const QUICK = "    blueGreen: { bake: 300ms }";

test("a release is undone, to the one before and to one by its number, with and without a controller", {
  timeout: 60_000,
}, async () => {
  await using stack = await Stack.start({ service: QUICK });
  await stack.serve();
  expect((await stack.cli("switch", "web", "green", "--version", "v1", "--wait")).code).toBe(0);
  const back = await stack.cli("undo", "web", "--reason", "loses orders", "--wait");
  expect(back.code, back.err).toBe(0);
  expect(back.out).toMatch(/web-2 blue-green green .+ blue, undo to revision 0 .*promoted/);
  expect(back.err).toContain("started: undo to revision 0: blue-green from green to blue");
  expect(await count(stack.url, 50)).toEqual({ blue: 50 });

  await stack.killController();
  const forth = await stack.cli("undo", "web", "--revision", "1");
  expect(forth.code, forth.err).toBe(0);
  expect(await count(stack.url, 50)).toEqual({ green: 50 });

  const { out } = await stack.cli("history", "web", "-o", "json");
  const { revisions } = JSON.parse(out) as { revisions: { number: number; stable: string; undoes: number | null }[] };
  expect(revisions.map(({ number, stable, undoes }) => [number, stable, undoes])).toEqual([
    [3, "green", 1],
    [2, "blue", 0],
    [1, "green", null],
    [0, "blue", null],
  ]);

  const [first, second] = stack.blue;
  await stack.cli("members", "web", "blue", "set", first?.address ?? "");
  const refused = await stack.cli("undo", "web");
  expect(refused.code).toBe(5);
  expect(refused.err).toContain(`they are ${first?.address}, they were ${first?.address}, ${second?.address} then`);
  expect(await count(stack.url, 50)).toEqual({ green: 50 });
});
