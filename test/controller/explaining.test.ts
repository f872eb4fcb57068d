import { expect, it } from "vitest";
import { explain } from "../../src/controller/explaining.ts";
import { journalKey } from "../../src/controller/journal.ts";
import type { Json } from "../../src/core/units.ts";
import { DiskStore } from "../simulation/disk.ts";
import { comparedSettings, House, plainSettings } from "./house.ts";

async function promoted(settings = comparedSettings()): Promise<House> {
  const house = new House();
  house.settings = settings;
  house.requests = { blue: 2_000, green: 500 };
  house.errorRatio = 0.01;
  await house.canary();
  await house.pass(120_000);
  expect(house.rollout.phase.phase).toBe("promoted");
  return house;
}

it("what was decided keeps its instants, whatever becomes of the controller's clock", async () => {
  const house = await promoted();
  const { rollout } = house;
  const shown = await house.controller.rollout(rollout.id);
  const store = new DiskStore(house.disk, () => true);
  const told = await explain(store, rollout, shown, { t: 1e13, wall: house.timeline.t });
  const { from, to } = told.checks[0]?.basis ?? {};
  expect(Date.parse(from ?? "")).toBeGreaterThanOrEqual(rollout.startedAt);
  expect(Date.parse(to ?? "")).toBeLessThanOrEqual(rollout.endedAt ?? 0);
});

it("the decisions stand in the order in which they were made, each with what the checks said", async () => {
  const house = await promoted();
  const { text, decisions, checks } = await house.controller.explanation(house.rollout.id);
  expect(text).toBe("Promoted: every step passed");
  expect(decisions.map(({ decision, step }) => [decision, step])).toEqual([
    ["advance", 0],
    ["advance", 1],
    ["promote", 3],
  ]);
  expect(decisions[0]?.checks).toMatchObject([{ name: "errors", is: "pass", basis: { windows: expect.any(Number) } }]);
  expect(checks).toMatchObject([{ name: "errors", is: "pass", dropped: 0 }]);
});

it("a fixed bound has no windows, and a check that nobody judged says so", async () => {
  const house = new House();
  house.settings = plainSettings();
  await house.boot();
  await house.pass(5_000);
  house.down.add("10.0.1.1:80");
  await house.canary();
  const { checks, decisions } = await house.controller.explanation(house.rollout.id);
  expect(checks).toMatchObject([{ name: "errors", is: "inconclusive", text: "not judged yet", basis: null, recorded: [] }]);
  expect(decisions).toEqual([]);
  await expect(house.controller.explanation("web-99")).rejects.toThrow("there is no rollout web-99");
});

it("decisions are found behind more events than one page, and those of other rollouts stay out", async () => {
  const house = await promoted();
  const { rollout } = house;
  const last = Math.max(...house.events.map(({ seq }) => seq));
  for (let seq = last + 1; seq <= last + 1_200; seq++) {
    const event = { ...house.events[0], seq, rollout: "web-2", kind: "held", data: { decision: "hold", checks: [] } };
    house.disk.write([{ put: journalKey(seq), value: event as unknown as Json }]);
  }
  const { decisions } = await house.controller.explanation(rollout.id);
  expect(decisions.map(({ decision }) => decision)).toEqual(["advance", "advance", "promote"]);
});
