import { PassThrough } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Io } from "../../src/cli/io.ts";
import { SCENES } from "../../src/demo/scenes.ts";
import { openStage, type Stage } from "../../src/demo/stage.ts";
import { ended, eventView, rolloutView, serviceView } from "../support/views.ts";

const [scene] = SCENES;
if (scene === undefined) throw new Error("the story has no scenes");

let written: string[] = [];
afterEach(() => {
  written = [];
});

/** A stage on a stream that remembers each write. */
function open(isTTY: boolean, env: Io["env"] = {}): Promise<Stage> {
  const stdout = Object.assign(new PassThrough(), { isTTY, columns: 80, rows: 24 });
  stdout.on("data", (chunk: Buffer) => written.push(chunk.toString()));
  const io: Io = {
    argv: [],
    env: { LANG: "C.UTF-8", TERM: "xterm", NO_COLOR: "1", ...env },
    cwd: "/",
    stdin: new PassThrough(),
    stdout,
    stderr: stdout,
    wall: () => 0,
    mono: () => performance.now(),
    interruptible: () => new AbortController().signal,
    onHangup: () => {},
  };
  const seen = { versions: [{ version: "v1", good: 7, failed: 0 }], now: new Map([["v1", 1]]), total: 7, lost: 0 };
  return openStage({ io, colour: true, seen: () => seen, poolOf: () => "blue", footer: "Ctrl-C ends it" });
}

const ending = {
  scene,
  good: true,
  rollout: ended("promoted", "every step passed"),
  tookMs: 20_000,
  turnedMs: 10,
  failed: 0,
  lost: 0,
};

describe("on a terminal", () => {
  it("redraws at most five times a second, however much happens", async () => {
    using stage = await open(true);
    stage.begin(scene, serviceView());
    const before = written.length;
    const startedMs = performance.now();
    for (let count = 1; performance.now() < startedMs + 700; count += 1) {
      stage.show({ service: serviceView(), rollout: rolloutView(), events: [eventView(count, { text: `look ${count}` })] });
      await wait(5);
    }
    const allowed = Math.ceil((performance.now() - startedMs) / 200);
    expect(written.length - before).toBeLessThanOrEqual(allowed);
    expect(written.slice(before).join("")).toContain("look ");
  });

  it("leaves the command and its result of what is over, and takes the rest away", async () => {
    using stage = await open(true);
    stage.begin(scene, serviceView());
    const before = written.length;
    stage.end(ending);
    const text = written.slice(before).join("");
    expect(text).toContain(`$ ${scene.command}\n✔ v2 has all requests after 20s; 0 lost\n`);
    expect(text).not.toContain("Ctrl-C ends it");
  });

  it("says nothing in colour under NO_COLOR", async () => {
    using stage = await open(true);
    stage.begin(scene, serviceView());
    stage.end(ending);
    expect(written.join("")).not.toMatch(/\x1b\[[0-9;]*m/);
  });
});

describe.each([
  ["without a terminal", false, {}],
  ["in CI", true, { CI: "true" }],
  ["on a dumb terminal", true, { TERM: "dumb" }],
] as const)("%s", (_, isTTY, env) => {
  it("tells it line by line, without a single escape", async () => {
    using stage = await open(isTTY, env);
    stage.begin(scene, serviceView());
    stage.show({ service: serviceView(), rollout: rolloutView(), events: [eventView(1)] });
    stage.end(ending);
    const text = written.join("");
    expect(text).toContain(`Act 1 of 3: ${scene.title}\n`);
    expect(text).toMatch(/web-1 step 1 observing: nginx serves/);
    expect(text).not.toContain("\x1b");
  });
});
