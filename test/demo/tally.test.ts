import { expect, test } from "vitest";
import { type Outcome, Tally } from "../../src/demo/tally.ts";

const answer = (version: string | null, startedMs: number, status = 200): Outcome => ({
  startedMs,
  endedMs: startedMs + 1,
  version,
  status,
  trouble: version === null ? "nginx answered 502 by itself" : null,
});

function tallyOf(...outcomes: readonly Outcome[]): Tally {
  const tally = new Tally();
  for (const outcome of outcomes) tally.add(outcome);
  return tally;
}

test("counts answers by version and status, and what no app answered as lost", () => {
  const tally = tallyOf(answer("v1", 1), answer("v2", 2), answer("v2", 3, 500), answer(null, 4, 502));
  expect(tally.versions()).toEqual([
    { version: "v1", good: 1, failed: 0 },
    { version: "v2", good: 1, failed: 1 },
  ]);
  expect([tally.total, tally.lost, tally.troubles]).toEqual([4, 1, ["nginx answered 502 by itself"]]);
});

test("shares are those of the last second alone", () => {
  const tally = tallyOf(answer("v1", 0), answer("v1", 1_500), answer("v2", 1_600), answer("v2", 1_700), answer("v2", 1_800));
  expect([...tally.now(2_000)]).toEqual([
    ["v1", 0.25],
    ["v2", 0.75],
  ]);
});

test("a turn is over with the last request to the old version, or the first to the new one where that is later", () => {
  const tally = tallyOf(answer("v1", 90));
  tally.mark(100);
  expect(tally.turnedMs("v1", "v2")).toBeNull();
  for (const outcome of [answer("v1", 104), answer("v2", 109), answer("v2", 120)]) tally.add(outcome);
  expect(tally.turnedMs("v1", "v2")).toBe(9);
  tally.add(answer("v1", 115));
  expect(tally.turnedMs("v1", "v2")).toBe(15);
});

test("what was started before the mark says nothing about the turn", () => {
  const tally = new Tally();
  tally.mark(100);
  for (const outcome of [answer("v2", 99), answer("v2", 130)]) tally.add(outcome);
  expect(tally.turnedMs("v1", "v2")).toBe(30);
});
