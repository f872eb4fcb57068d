import { beforeEach, describe, expect, it } from "vitest";
import type { Member } from "../../src/core/units.ts";
import { ANN, House, START } from "./house.ts";

const [ONE, TWO] = ["10.0.0.1:80", "10.0.0.2:80"] as const;

let house: House;
beforeEach(async () => {
  house = new House();
});

const setMember = (member: Member, state: "draining" | "ready") => house.controller.setMember("web", "blue", member, state, ANN);
const setMembers = (members: readonly Member[] | null, pool = "blue") => house.controller.setMembers("web", pool, members, ANN);
const blue = async () => (await house.controller.service("web")).pools.blue;
const states = async () => (await blue())?.members.map(({ address, state }) => [address, state]);

async function boot(): Promise<void> {
  await house.boot();
  await house.pass(5_000);
}

describe("the members of a pool", () => {
  it("are the configured ones, or those that were set, also after a restart, until they are given back", async () => {
    await boot();
    expect(await blue()).toMatchObject({ from: "config" });
    await setMembers([TWO, "10.0.0.9:80"]);
    await house.boot();
    expect(await blue()).toMatchObject({ from: "api", members: [{ address: TWO }, { address: "10.0.0.9:80" }] });
    await house.pass(5_000);
    expect(Object.keys(house.nginx.serves.get("web")?.endpoints.blue ?? {})).toEqual([TWO, "10.0.0.9:80"]);
    await setMembers(null);
    expect(await blue()).toMatchObject({ from: "config", members: [{ address: ONE }, { address: TWO }] });
    await house.pass(5_000);
    expect(house.nginx.serves.get("web")?.endpoints.blue).toEqual({ [ONE]: "ready", [TWO]: "ready" });
  });

  it("stay out after a restart, and a member that leaves the list comes back ready", async () => {
    await boot();
    await setMember(ONE, "draining");
    await house.boot();
    expect(await states()).toEqual([
      [ONE, "draining"],
      [TWO, "ready"],
    ]);
    await setMembers([TWO]);
    await setMembers(null);
    expect(await states()).toEqual([
      [ONE, "ready"],
      [TWO, "ready"],
    ]);
  });

  it("are told to the journal once, with who did it", async () => {
    await boot();
    await setMember(ONE, "draining");
    await setMember(ONE, "draining");
    expect(house.events.filter(({ kind }) => kind === "members").map(({ text, actor }) => [text, actor])).toEqual([
      [`${ONE} of blue is taken out`, "ann"],
    ]);
  });
});

describe("while a rolling rollout works on a pool, its members", () => {
  beforeEach(async () => {
    house.settings = { ...house.settings, rolling: rolling() };
    await boot();
    await house.controller.start("web", { ...START, strategy: "rolling" }, ANN, null);
    await house.pass(1_000);
  });

  it("are taken out and put back by it alone", async () => {
    expect(house.nginx.serves.get("web")?.out).toEqual([ONE]);
    for (const state of ["ready", "draining"] as const)
      for (const member of [ONE, TWO])
        await expect(setMember(member, state)).rejects.toMatchObject({
          code: "rollout-running",
          message: expect.stringContaining(`works on ${member}`),
          hint: expect.stringContaining(`sluice exclude web ${member}`),
        });
    expect(await states()).toEqual([
      [ONE, "draining"],
      [TWO, "ready"],
    ]);
  });

  it("are not exchanged under it, those of other pools are", async () => {
    await expect(setMembers([TWO])).rejects.toMatchObject({ code: "rollout-running" });
    await expect(setMembers(null)).rejects.toMatchObject({ code: "rollout-running" });
    await setMembers(["10.0.1.1:80"], "green");
    expect((await house.controller.service("web")).pools.green).toMatchObject({ from: "api" });
  });

  it("are anybody's again once it is over", async () => {
    await house.command("abort");
    await house.pass(60_000);
    expect(house.rollout.phase.phase).toBe("reverted");
    await setMember(ONE, "draining");
    expect((await states())?.[0]).toEqual([ONE, "draining"]);
  });
});

function rolling() {
  const hook = { name: "deploy", deadlineMs: 60_000, do: "command", command: ["deploy"], env: {} } as const;
  return {
    pool: "blue",
    batch: { count: 1 },
    delayMs: 0,
    drainMs: 30_000,
    onDrainTimeout: "proceed",
    deploy: hook,
    rollback: null,
    minHealthyMs: 0,
    deadlineMs: 120_000,
    slowStartMs: 0,
    monitorMs: 0,
    maxUnavailable: null,
    spares: [],
    maxFailures: { count: 0 },
    onFailure: "pause",
    order: [],
    exclude: [],
    checks: [],
    hold: { atMostMs: 900_000, then: "wait" },
  } as const;
}
