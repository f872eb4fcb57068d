import { describe, expect, test } from "vitest";
import { type Change, Suspects } from "../../src/nginx/suspects.ts";

const change = (service: string, urgent = false): Change => ({ service, key: `${service} new`, urgent });
const named = (count: number) => Array.from({ length: count }, (_, index) => change(`s${index}`));

/** Goes through the attempts with an nginx that drops whatever holds one of `bad`; `outside` drops everything. */
function run(all: readonly Change[], bad: readonly string[], outside = false) {
  const suspects = new Suspects();
  const signalled: string[][] = [];
  const convicted: string[] = [];
  let open = all;
  for (let rounds = 0; rounds < 100 && open.length > 0; rounds += 1) {
    const attempt = suspects.next(open);
    if (attempt.is === "convict") {
      convicted.push(attempt.change.service);
      open = open.filter((one) => one.service !== attempt.change.service);
      continue;
    }
    const tried = attempt.is === "all" ? open : open.filter((one) => attempt.only.has(one.service));
    signalled.push(tried.map((one) => one.service));
    if (!outside && !tried.some((one) => bad.includes(one.service))) {
      suspects.taken(tried);
      open = open.filter((one) => !tried.includes(one));
    } else if (tried.length === 0) return { signalled, convicted, blocked: true };
    else suspects.dropped(tried, `dropped ${tried.length}`);
  }
  return { signalled, convicted, blocked: false };
}

describe("the changes among which one is dropped", () => {
  test.each([[["s0"]], [["s31"]], [["s49"]], [["s7", "s8"]], [["s0", "s25", "s49"]]])(
    "%j of 50 are found with a signal for each halving",
    (bad) => {
      const { signalled, convicted, blocked } = run(named(50), bad);
      expect([...convicted].sort()).toEqual([...bad].sort());
      expect(blocked).toBe(false);
      expect(signalled.length).toBeLessThanOrEqual(1 + bad.length * (2 + Math.ceil(Math.log2(50))));
    },
  );

  test("are not blamed where nginx drops what it serves, too: that takes one more signal", () => {
    expect(run(named(50), [], true)).toMatchObject({ blocked: true, convicted: [] });
    expect(run(named(50), [], true).signalled.map((one) => one.length)).toEqual([50, 0]);
  });

  test("are blamed one at a time only after nginx took something", () => {
    expect(run(named(1), ["s0"])).toEqual({ signalled: [["s0"], []], convicted: ["s0"], blocked: false });
  });

  test("let a way back go first, alone", () => {
    const suspects = new Suspects();
    const four = named(4);
    suspects.dropped(four, "no");
    const back = change("back", true);
    expect(suspects.next([...four, back])).toEqual({ is: "signal", only: new Set(["back"]) });
    suspects.taken([back]);
    expect(suspects.next(four)).toEqual({ is: "signal", only: new Set(["s0", "s1"]) });
  });

  test("let a way back that is one of them go first, and are looked through where that is taken", () => {
    const suspects = new Suspects();
    const back = change("back", true);
    suspects.dropped([change("s0"), back], "no");
    expect(suspects.next([change("s0"), back])).toEqual({ is: "signal", only: new Set(["back"]) });
    suspects.taken([back]);
    expect(suspects.next([change("s0")])).toEqual({ is: "convict", change: change("s0"), text: "no" });
  });

  test("are all tried anew where one of them is wanted otherwise by now", () => {
    const suspects = new Suspects();
    suspects.dropped(named(2), "no");
    expect(suspects.next([change("s0"), { ...change("s1"), key: "mended" }])).toEqual({ is: "all" });
    expect(suspects.says).toBeNull();
  });
});
