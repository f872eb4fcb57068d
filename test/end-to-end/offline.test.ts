import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { count } from "../support/client.ts";
import { runHere } from "../support/here.ts";
import { Stack } from "./stack.ts";

describe.each(["live", "weighted"] as const)("without a running controller, %s", (routing) => {
  it("a switch does its work, and the next controller knows of it", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start({ routing, service: "    blueGreen: { bake: 300ms }" });
    const said = await stack.cli("switch", "web", "green", "--wait", "--timeout", "20s");
    expect(said, said.err).toMatchObject({ code: 0 });
    expect(await count(stack.url, 100)).toEqual({ green: 100 });
    const status = await stack.cli("status", "web", "-o", "json");
    expect(JSON.parse(status.out)).toMatchObject({ stable: "green", rollout: { phase: "promoted", startedBy: "cli" } });
    await stack.serve();
    expect(await stack.applied()).toMatchObject({ stable: "green", applied: { shares: { green: 10_000 } } });
    expect(await count(stack.url, 50)).toEqual({ green: 50 });
  });
});

describe("without a running controller", () => {
  it("an abort takes back what a killed one left", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start({ service: "    canary: { steps: [{ share: 50%, until: approved }] }" });
    await stack.serve();
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    await stack.reaches("waiting", 0);
    await stack.killController();
    const said = await stack.cli("abort", "web", "--wait", "--timeout", "20s");
    expect(said, said.err).toMatchObject({ code: 0 });
    expect(await count(stack.url, 100)).toEqual({ blue: 100 });
  });

  it("a second controller on the same state is refused, and says who has it", { timeout: 40_000 }, async () => {
    await using stack = await Stack.start();
    await stack.serve();
    const said = await stack.cli("serve");
    expect(said.code).toBe(5);
    expect(said.err).toMatch(/pid \d+/);
    expect((await stack.cli("render", "--write")).code).toBe(5);
  });

  it("one with a state of its own is refused where another writes what nginx includes", { timeout: 40_000 }, async () => {
    await using stack = await Stack.start();
    await stack.serve();
    const other = `${stack.config}.other.yaml`;
    const text = readFileSync(stack.config, "utf8");
    writeFileSync(other, text.replace(/^state: (.*)$/m, "state: $1-other").replace("api.sock", "other.sock"));
    const said = await runHere(["serve", "--config", other], { ...process.env, NO_COLOR: "1" });
    expect(said.code, said.stderr).toBe(5);
    expect(said.stderr).toContain("is written by another Sluice");
    expect(await count(stack.url, 20)).toEqual({ blue: 20 });
  });
});
