import { describe, expect, test } from "vitest";
import { judgeBound } from "../../src/analysis/bounds.ts";
import type { Evidence } from "../../src/core/ports.ts";
import { createScrape } from "../../src/metrics/scrape.ts";
import { counts, green, metric, now, ratio, startPage } from "../support/pages.ts";

/**
 * What a rollout sees of a member that is read once a second from the entry of a step at `since`: the verdict after each read.
 *
 * @param perRead good and failed requests between two reads.
 */
async function verdicts(since: number, reads: number, perRead: (t: number) => readonly [good: number, bad: number]) {
  await using page = await startPage(counts(0, 0));
  await using source = createScrape();
  const read = metric(ratio, { intervalMs: 1000, windowMs: 10_000 });
  let evidence: Evidence | null = null;
  const total = [0, 0] as [number, number];
  const seen: string[] = [];
  for (let t = 0; t <= since + reads * 1000; t += 1000) {
    const [good, bad] = perRead(t);
    total[0] += good;
    total[1] += bad;
    page.say(counts(...total));
    evidence = await source.sample(read, green(page.address), evidence, now(t));
    if (t < since) continue;
    const measurement = source.measure(read, evidence, since, t);
    const check = { name: "errors", rule: { kind: "below", bound: 0.02 }, minRequests: 50 } as const;
    seen.push(judgeBound({ check, unit: "ratio", measurement, windowMs: read.windowMs, since, now: t }).is);
  }
  return seen;
}

const repeated = (is: string, times: number) => Array.from({ length: times }, () => is);

describe("the verdicts on a member that is read once a second", () => {
  test("pass once a whole window lies in the step, and stay that way", async () => {
    expect(await verdicts(3000, 20, () => [100, 0])).toEqual([...repeated("inconclusive", 10), ...repeated("pass", 11)]);
  });

  test("fail as soon as there are enough requests", async () => {
    expect(await verdicts(3000, 4, () => [25, 5])).toEqual(["inconclusive", "inconclusive", "fail", "fail", "fail"]);
  });

  test("hold the step to nothing that happened before it", async () => {
    expect(await verdicts(5000, 12, (t) => (t <= 5000 ? [0, 100] : [100, 0]))).not.toContain("fail");
  });

  test("forget what is older than the window", async () => {
    const seen = await verdicts(0, 30, (t) => (t === 2000 ? [90, 10] : [100, 0]));
    expect(seen.slice(0, 4)).toEqual(["inconclusive", "inconclusive", "fail", "fail"]);
    expect(seen.at(-1)).toBe("pass");
  });

  test("hold where nobody asks", async () => {
    expect(new Set(await verdicts(0, 15, () => [0, 0]))).toEqual(new Set(["inconclusive"]));
  });
});
