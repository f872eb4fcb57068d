import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { count } from "../support/client.ts";
import { until } from "../support/nginx.ts";
import { Stack } from "./stack.ts";

/** A small file system of its own for the state, so that it can be filled; only root may mount one. */
function mountSmall(folder: string): Disposable | null {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return null;
  }
  return { [Symbol.dispose]: () => void execFileSync("umount", ["-l", folder], { stdio: "ignore" }) };
}

/** Writes until there is no room left. */
function fill(file: string): void {
  const handle = openSync(file, "w");
  try {
    for (const size of [65_536, 4_096, 512, 1]) {
      try {
        for (;;) writeSync(handle, Buffer.alloc(size));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
    }
  } finally {
    closeSync(handle);
  }
}

describe("rule 1: an abort on a full disk", () => {
  it("takes the traffic back at once, outlives a kill, and is in the journal once there is room", {
    timeout: 60_000,
  }, async (test) => {
    await using stack = await Stack.start({
      service: "    canary: { steps: [{ share: 50%, until: approved }, { share: 80%, until: approved }] }",
    });
    const state = join(stack.nginx.prefix, "state");
    rmSync(state, { recursive: true, force: true });
    using mounted = mountSmall(state);
    if (mounted === null) return test.skip("no file system can be mounted here: that needs root");
    await stack.serve();
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    await stack.reaches("waiting", 0);
    fill(join(state, "filler"));
    expect((await stack.api("POST", "/v1/services/web/rollout/advance", {})).status).toBe(507);
    expect((await stack.api("POST", "/v1/services/web/rollout/abort", {})).status).toBe(202);
    expect((await stack.rollout()).reason).toMatch(/^going back to blue because aborted.*: .*no room is left on its disk/);
    await until("no request goes to green", async () => (await count(stack.url, 50)).green === undefined, 2_000);
    await stack.killController();
    rmSync(join(state, "filler"));
    await stack.serve();
    const rollout = await stack.reaches("reverted");
    expect(rollout.reason).toContain("aborted");
    expect(await count(stack.url, 100)).toEqual({ blue: 100 });
  });
});
