import { describe, expect, test } from "vitest";
import { type Pieces, SpareTime } from "../../src/nginx/spare-time.ts";
import { until } from "../support/nginx.ts";

describe("spare time", () => {
  test("does one piece at a turn, so that everything else comes in between", async () => {
    using spare = new SpareTime();
    const done: string[] = [];
    function* counting(name: string): Pieces {
      if (name === "a") setImmediate(() => done.push("else"));
      for (let piece = 0; piece < 3; piece += 1) {
        done.push(name);
        yield;
      }
    }
    spare.add(counting("a"));
    spare.add(counting("b"));
    expect(done).toEqual([]);
    await until("all of it", () => done.length === 7);
    expect(done.filter((name) => name !== "else")).toEqual(["a", "a", "a", "b", "b", "b"]);
    expect(done.indexOf("else")).toBeLessThan(3);
  });

  test("leaves undone what was not begun when it ended", async () => {
    let begun = false;
    function* work(): Pieces {
      begun = true;
      yield;
    }
    const spare = new SpareTime();
    spare.add(work());
    spare[Symbol.dispose]();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toBe(false);
  });
});
