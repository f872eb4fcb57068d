import { beforeEach, describe, expect, it } from "vitest";
import { NO_HOOKS } from "../../src/core/hook.ts";
import { ANN, House, START } from "./house.ts";

const GREEN = ["10.0.1.1:80", "10.0.1.2:80"];

let house: House;
beforeEach(() => {
  house = new House();
});

describe("a command", () => {
  it("that was carried out is answered so, although the store refuses what follows", async () => {
    await house.canary();
    house.disk.refusing = true;
    house.nginx.refuses = "bind() failed";
    const rollout = await house.command("abort");
    expect(rollout.phase).toMatch(/reverting|failed/);
    house.disk.refusing = false;
    house.nginx.refuses = null;
    await house.pass(10_000);
    expect(house.rollout.phase.phase).toBe("reverted");
  });

  it("with an ETag meets the state that it saw, or is refused", async () => {
    await house.canary();
    const { etag } = await house.controller.service("web");
    const [first, second] = await Promise.allSettled([house.advance(etag), house.advance(etag)]);
    expect([first.status, second.status]).toEqual(["fulfilled", "rejected"]);
    expect(second).toMatchObject({ reason: { code: "stale" } });
  });
});

describe("nginx", () => {
  it("is told what a rollout may want next, also after a restart, and no longer once it is over", async () => {
    const foreseen = () => house.nginx.foreseen.map(({ service, want }) => [service, want.shares.green]);
    await house.canary();
    expect(house.green).toBe(2_000);
    expect(foreseen()).toEqual([["web", 8_000]]);
    await house.boot();
    expect(foreseen()).toEqual([["web", 8_000]]);
    await house.advance();
    expect(foreseen()).toEqual([["web", 10_000]]);
    await house.command("abort");
    expect(foreseen()).toEqual([]);
  });
});

describe("an abort that only a file remembers", () => {
  it("is taken up by the next process", async () => {
    await house.canary();
    house.disk.refusing = true;
    await house.command("abort");
    house.kill();
    house.disk.refusing = false;
    await house.boot();
    await house.pass(3_000);
    expect(house.rollout.phase.phase).toBe("reverted");
    expect(house.disk.aborts.size).toBe(0);
  });

  it("is forgotten once it is stored: it does not undo a later retry", async () => {
    await house.canary();
    house.disk.refusing = true;
    house.nginx.refuses = "bind() failed";
    await house.command("abort");
    house.disk.refusing = false;
    await house.pass(3_000);
    expect(house.rollout.phase.phase).toBe("failed");
    house.nginx.refuses = null;
    await house.command("retry");
    await house.boot();
    await house.pass(3_000);
    expect(house.rollout.phase.phase).toBe("moving");
  });
});

describe("a retry of a reverted rollout", () => {
  it("keeps the steps that came with its start", async () => {
    await house.canary({ steps: [{ kind: "approval", share: 100, needs: null, hold: null, within: null }] });
    expect(house.green).toBe(100);
    await house.command("abort");
    await house.pass(2_000);
    await house.command("retry");
    await house.pass(2_000);
    expect([house.rollout.id, house.green]).toEqual(["web-2", 100]);
  });

  it("begins at its first step, also where its end was a failing check and the caller says so", async () => {
    await house.canary();
    house.errorRatio = 0.5;
    await house.pass(20_000);
    expect(house.rollout.phase).toMatchObject({ phase: "reverted", cause: expect.stringContaining("errors: ") });
    house.errorRatio = 0;
    await house.retryFromStart();
    await house.pass(2_000);
    expect([house.rollout.id, house.rollout.phase.phase, house.green]).toEqual(["web-2", "moving", 2_000]);
  });
});

describe("a retry of a failed rollout", () => {
  const tidy = { name: "tidy", deadlineMs: 1_000, do: "command", command: ["tidy"], env: {} } as const;

  it.each([
    ["goes on at the step that failed", () => house.command("retry"), 8_000],
    ["begins at its first step where the caller says so", () => house.retryFromStart(), 2_000],
  ] as const)("%s, also after a restart, and whatever comes after a way back", async (_name, retry, share) => {
    house.settings = { ...house.settings, hooks: { ...NO_HOOKS, afterRevert: [tidy] } };
    await house.canary();
    await house.pass(15_000);
    expect(house.green).toBe(8_000);
    house.nginx.refuses = "bind() failed";
    await house.command("abort");
    await house.pass(3_000);
    expect(house.rollout.phase.phase).toBe("failed");
    await house.boot();
    house.nginx.refuses = null;
    await retry();
    await house.pass(1_000);
    expect([house.rollout.phase.phase, house.green]).toEqual(["moving", share]);
    await house.pass(60_000);
    expect(house.rollout.phase.phase).toBe("promoted");
  });
});

describe("a start with replace", () => {
  it("sends nothing to the candidate before the one under way is back", async () => {
    await house.canary();
    house.nginx.refuses = "bind() failed";
    const started = house.controller.start("web", { ...START, replace: true }, ANN, null);
    await house.pass(5_000);
    expect(house.rollout.id).toBe("web-1");
    house.nginx.refuses = null;
    await house.pass(5_000);
    await started;
    expect(house.rollout.id).toBe("web-2");
  });
});

describe("a start with replace that would be refused", () => {
  it("sends nothing back", async () => {
    await house.canary();
    const rolling = { ...START, strategy: "rolling", replace: true } as const;
    await expect(house.controller.start("web", rolling, ANN, null)).rejects.toMatchObject({ code: "not-configured" });
    await house.pass(2_000);
    expect([house.rollout.id, house.rollout.phase.phase, house.green]).toEqual(["web-1", "moving", 2_000]);
  });
});

describe("members", () => {
  it("of a name that moves to a new address send nothing back before they are seen", async () => {
    await house.canary();
    house.addresses.set("10.0.1.1:80", ["10.9.0.1:80"]);
    house.addresses.set("10.0.1.2:80", ["10.9.0.2:80"]);
    await house.pass(12_000);
    expect(house.rollout.phase.phase).toBe("moving");
    expect(Object.keys(house.nginx.serves.get("web")?.endpoints.green ?? {})).toEqual(["10.9.0.1:80", "10.9.0.2:80"]);
  });

  it("are never all taken out, by no order of commands", async () => {
    await house.boot();
    await house.pass(5_000);
    const set = (members: readonly string[]) => house.controller.setMembers("web", "blue", members, ANN);
    const drain = (member: string) => house.controller.setMember("web", "blue", member, "draining", ANN);
    await drain("10.0.0.1:80");
    await expect(set(["10.0.0.1:80"])).rejects.toMatchObject({ code: "not-ready" });
    await expect(drain("10.0.0.2:80")).rejects.toMatchObject({ code: "not-ready" });
    await set(["10.0.0.2:80"]);
    await set(["10.0.0.1:80", "10.0.0.2:80"]);
    expect((await house.controller.service("web")).pools.blue?.members.map((member) => member.state)).toEqual(["ready", "ready"]);
  });

  it("may not leave only one that is down", async () => {
    await house.boot();
    house.down.add("10.0.0.2:80");
    await house.pass(10_000);
    await expect(house.controller.setMember("web", "blue", "10.0.0.1:80", "draining", ANN)).rejects.toMatchObject({
      code: "not-ready",
    });
  });

  it("that are dead when a controller starts get nothing from a rollout that it begins", async () => {
    await house.boot();
    await house.pass(5_000);
    house.kill();
    for (const endpoint of GREEN) house.down.add(endpoint);
    await house.boot();
    await house.controller.start("web", { ...START, strategy: "blue-green" }, ANN, null);
    await house.pass(10_000);
    expect(house.green).toBe(0);
    expect(house.rollout.phase).toMatchObject({ phase: "moving", cursor: { step: 0, stage: { at: "waiting" } } });
  });
});

describe("a configuration", () => {
  it("that lacks a pool which carries traffic is refused at the start", async () => {
    await house.canary();
    const { blue, green } = house.settings.pools;
    if (blue === undefined || green === undefined) throw new Error("the settings have both pools");
    house.settings = { ...house.settings, pools: { blue, teal: green } };
    await expect(house.boot()).rejects.toThrow(/no green, which is one of the pools of web-1/);
  });

  it("that changed while nobody ran is stored as nginx is told of it, also where the store refuses at first", async () => {
    await house.boot();
    await house.pass(5_000);
    house.settings = { ...house.settings, routing: "weighted" };
    house.disk.refusing = true;
    await house.boot();
    await house.pass(5_000);
    house.disk.refusing = false;
    await house.pass(5_000);
    expect(house.nginx.serves.get("web")?.shape.routing).toBe("weighted");
    expect(house.disk.value("routes/web")).toEqual(house.nginx.serves.get("web"));
  });

  it("is taken over by all services or by none", async () => {
    await house.boot();
    await house.pass(5_000);
    const { blue, green } = house.settings.pools;
    if (blue === undefined || green === undefined) throw new Error("the settings have both pools");
    const changed = { ...house.settings, pools: { blue: { members: ["10.0.0.9:80"] }, green } };
    house.disk.refusing = true;
    await expect(house.controller.reconfigure({ web: changed }, async () => {})).rejects.toThrow(/full/);
    house.disk.refusing = false;
    expect((await house.controller.service("web")).pools.blue?.members.map((member) => member.address)).toEqual(blue.members);
    await house.controller.reconfigure({ web: changed }, async () => {});
    await house.pass(5_000);
    expect(Object.keys(house.nginx.serves.get("web")?.endpoints.blue ?? {})).toEqual(["10.0.0.9:80"]);
  });
});
