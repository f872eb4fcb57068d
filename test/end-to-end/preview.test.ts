import { describe, expect, it } from "vitest";
import { ask, count } from "../support/client.ts";
import { Stack } from "./stack.ts";

const PREVIEW = "    blueGreen: { bake: 300ms, preview: { header: X-Preview } }";

describe("a preview", () => {
  it("shows the candidate to those who ask for it, and to nobody else, until a person approves", {
    timeout: 40_000,
  }, async () => {
    await using stack = await Stack.start({ service: PREVIEW });
    await stack.serve();
    const asked = async (value: string) => (await ask(stack.url, { "x-preview": value })).version;
    expect(await asked("always")).toBe("blue");
    await stack.cli("switch", "web", "green", "--detach");
    await stack.reaches("waiting", 0);
    expect([await asked("always"), await asked("never")]).toEqual(["green", "blue"]);
    expect(await count(stack.url, 50)).toEqual({ blue: 50 });
    expect((await stack.cli("advance", "web", "--wait", "--timeout", "20s")).code).toBe(0);
    expect([await asked("always"), await asked("never")]).toEqual(["green", "green"]);
    expect(await count(stack.url, 50)).toEqual({ green: 50 });
  });

  it("is taken back by an abort", { timeout: 40_000 }, async () => {
    await using stack = await Stack.start({ service: PREVIEW });
    await stack.serve();
    await stack.cli("switch", "web", "green", "--detach");
    await stack.reaches("waiting", 0);
    expect((await stack.cli("abort", "web", "--wait")).code).toBe(0);
    expect((await ask(stack.url, { "x-preview": "always" })).version).toBe("blue");
  });
});

describe("an override", () => {
  const OVERRIDE =
    "    overrides: { header: X-Canary, cookie: canary }\n    canary: { steps: [{ share: 50%, until: approved }] }";

  it("keeps a client in its pool while the share says otherwise, by header and by cookie", { timeout: 40_000 }, async () => {
    await using stack = await Stack.start({ service: OVERRIDE });
    await stack.serve();
    await stack.cli("start", "web", "--strategy", "canary", "--detach");
    await stack.reaches("waiting", 0);
    expect(await count(stack.url, 30, { headers: () => ({ "x-canary": "always" }) })).toEqual({ green: 30 });
    expect(await count(stack.url, 30, { headers: () => ({ "x-canary": "never" }) })).toEqual({ blue: 30 });
    expect(await count(stack.url, 30, { headers: () => ({ cookie: "canary=always" }) })).toEqual({ green: 30 });
    await stack.cli("abort", "web", "--wait");
    expect(await count(stack.url, 30, { headers: () => ({ "x-canary": "always" }) })).toEqual({ blue: 30 });
  });
});
