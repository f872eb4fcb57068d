import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { Stack } from "../end-to-end/stack.ts";
import { startSluice } from "../support/cli.ts";
import { count } from "../support/client.ts";
import { until } from "../support/nginx.ts";

const QUICK = "    blueGreen: { bake: 500ms }\n    canary: { steps: [{ share: 50%, for: 1m }] }";

describe("without a running controller", () => {
  test("switch does all of it in this process, and clients are where it says", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start({ service: QUICK });
    const { code, out, err } = await stack.cli("switch", "web", "green");
    expect(code, err).toBe(0);
    expect(err).toContain("no controller runs: this process drives the rollout to its end");
    expect(out).toMatch(/^web-1 blue-green blue (->|→) green . promoted/);
    expect(await count(stack.url, 50)).toEqual({ green: 50 });
    expect((await stack.cli("status", "web", "-o", "json")).out).toContain('"stable": "green"');
    expect((await stack.cli("switch", "web", "green")).out).toContain("nothing to do: green is the stable pool of web already");
  });

  test("abort ends what a killed controller left behind", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start({ service: QUICK });
    await stack.serve();
    await stack.cli("start", "web", "--detach");
    await stack.reaches("observing", 0);
    await stack.killController();
    const { code, out, err } = await stack.cli("abort", "web");
    expect(code, err).toBe(0);
    expect(out).toContain("reverted");
    expect(await count(stack.url, 50)).toEqual({ blue: 50 });
  });

  test("members are taken out and put back, and nginx serves that when the command ends", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start({ service: QUICK });
    const [first, second] = stack.blue;
    const drained = await stack.cli("members", "web", "blue", "drain", first?.address ?? "");
    expect(drained.code, drained.err).toBe(0);
    expect(drained.out).toMatch(/draining/);
    first?.reset();
    await count(stack.url, 20);
    expect([first?.count, second?.count]).toEqual([0, expect.any(Number)]);
    expect((await stack.cli("members", "web", "blue", "ready", first?.address ?? "")).out).not.toMatch(/draining/);
  });

  test("Ctrl-C stops at once, says that nothing drives it now, and the next command goes on with it", {
    timeout: 60_000,
  }, async () => {
    await using stack = await Stack.start({ service: "    blueGreen: { bake: 1m }" });
    const running = startSluice(["switch", "web", "green", "--config", stack.config]);
    await until("all of it on green", async () => running.stderr().includes("observing"), 10_000);
    running.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("nothing drives it until `sluice serve` runs");
    expect((await stack.cli("abort", "web")).code).toBe(0);
    expect(await count(stack.url, 20)).toEqual({ blue: 20 });
  });

  test("what needs one says so, exit 7", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start({ service: QUICK });
    for (const verb of ["start", "advance", "promote", "pause", "resume", "retry", "skip", "exclude", "watch"]) {
      const { code, err } = await stack.cli(verb, "web");
      expect([verb, code]).toEqual([verb, 7]);
      expect(err).toContain("sluice serve");
    }
  });

  test("two processes never drive the same state: the second is told who does, exit 5", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start({ service: QUICK });
    await stack.serve();
    const again = await stack.cli("serve");
    expect(again.code).toBe(5);
    expect(again.err).toMatch(/pid \d+/);
    // The address of the controller is gone, and its lock is not.
    await execa("rm", [stack.socket]);
    const second = await stack.cli("switch", "web", "green");
    expect([second.code, second.out]).toEqual([5, ""]);
    // Reading drives nothing, and needs no lock.
    const status = await stack.cli("status");
    expect(status.code).toBe(0);
    expect(status.err).toContain("no controller runs");
  });
});
