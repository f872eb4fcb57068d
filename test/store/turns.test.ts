import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Turns } from "../../src/store/turns.ts";

/** Keeps the processor busy, as a transaction does. */
function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

describe("work that never waits for anything", () => {
  test("gives everything else its turn in between", async () => {
    const turns = new Turns(5);
    let others = 0;
    const timer = setInterval(() => {
      others += 1;
    }, 1);
    for (let done = 0; done < 60; done += 1) {
      await turns.mine();
      work(2);
    }
    clearInterval(timer);
    expect(others).toBeGreaterThan(5);
  });

  test("goes on in the order in which it came", async () => {
    const turns = new Turns(1);
    const order: number[] = [];
    const come = async (who: number) => {
      await turns.mine();
      work(1);
      order.push(who);
    };
    const first = Array.from({ length: 10 }, (_, who) => come(who));
    await wait(3);
    await Promise.all([...first, ...Array.from({ length: 10 }, (_, who) => come(10 + who))]);
    expect(order).toEqual(Array.from({ length: 20 }, (_, who) => who));
  });

  test("waits for nothing where it comes now and then", async () => {
    const turns = new Turns(10_000);
    let others = 0;
    const immediate = setImmediate(() => {
      others += 1;
    });
    for (let done = 0; done < 100; done += 1) await turns.mine();
    expect(others).toBe(0);
    clearImmediate(immediate);
  });
});
