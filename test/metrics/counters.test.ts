import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { carry, increase, type Reading } from "../../src/metrics/counters.ts";

const at = (t: number, series: Record<string, number>, started: number | null = null): Reading => ({ t, started, series });

describe("the increase of counters between two reads", () => {
  test("is the difference, per group", () => {
    expect(increase(at(0, { "of a": 1, "to a": 10, "to b": 5 }), at(1, { "of a": 3, "to a": 14, "to b": 5 }))).toEqual({
      of: 2,
      to: 4,
    });
  });

  test("counts a series that fell from 0, and leaves the others alone", () => {
    expect(increase(at(0, { "to a": 100, "to b": 50 }), at(1, { "to a": 7, "to b": 60 }))).toEqual({ to: 17 });
  });

  test("counts a series that is new from 0", () => {
    expect(increase(at(0, {}), at(1, { "of a": 1 }))).toEqual({ of: 1 });
  });

  test("takes nothing away for a series that is gone, and does not count it twice when it is back", () => {
    const first = at(0, { "to a": 100, "to b": 50 });
    const second = at(1, { "to a": 110 });
    expect(increase(first, second)).toEqual({ to: 10 });
    expect(increase(carry(first, second), at(2, { "to a": 110, "to b": 55 }))).toEqual({ to: 5 });
  });

  test("counts everything from 0 where the process started anew, even past its old value", () => {
    const before = at(0, { "to a": 100 }, 1000);
    const now = at(1, { "to a": 130 }, 2000);
    expect(increase(before, now)).toEqual({ to: 130 });
    expect(carry(at(0, { "to b": 1 }, 1000), now).series).toEqual({ "to a": 130 });
  });

  test("takes a start that moved by a second for the clock, not for a restart", () => {
    expect(increase(at(0, { "to a": 100 }, 1000), at(1, { "to a": 130 }, 1001))).toEqual({ to: 30 });
  });

  test("counts a series from 0 that was created anew, even past its old value, and only that one", () => {
    const before = at(0, { "to a": 100, "to b": 100, "created a": 1000.5, "created b": 1000.5 });
    const now = at(1, { "to a": 130, "to b": 130, "created a": 1001.5, "created b": 1000.5 });
    expect(increase(before, now)).toEqual({ to: 160 });
    expect(increase(at(0, { "to a": 100 }), now)).toEqual({ to: 30 + 130 });
  });

  test("adds up to the truth, whatever restarts there are", () => {
    const step = fc.record({
      added: fc.array(fc.nat(50), { minLength: 3, maxLength: 3 }),
      restart: fc.boolean(),
      read: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let started = 1000;
        let counters: Record<string, number> = {};
        let last = at(0, {}, started);
        let truth = 0;
        let lost = 0;
        let pending = 0;
        let sum = 0;
        for (const [index, { added, restart, read }] of steps.entries()) {
          if (restart) {
            started += 10;
            counters = {};
            // What a process counted since the last read and took with it is known to nobody.
            lost += pending;
            pending = 0;
          }
          for (const [key, count] of added.entries()) {
            if (count > 0) counters[`to ${key}`] = (counters[`to ${key}`] ?? 0) + count;
            truth += count;
            pending += count;
          }
          if (!read) continue;
          const now = at(index + 1, { ...counters }, started);
          sum += increase(last, now).to ?? 0;
          last = carry(last, now);
          pending = 0;
        }
        expect(sum).toBe(truth - lost - pending);
      }),
    );
  });
});
