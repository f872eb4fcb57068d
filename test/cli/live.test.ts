import { describe, expect, test } from "vitest";
import { type Frame, liveLines } from "../../src/cli/format/live.ts";
import { BARE, type Style } from "../../src/cli/format/style.ts";
import { width } from "../../src/cli/format/width.ts";
import type { StepView } from "../../src/core/view.ts";
import { checkView, eventView, memberView, rolloutView, serviceView } from "../support/views.ts";

const NOW = Date.parse("2026-03-01T10:01:00.000Z");

function steps(...states: readonly StepView["state"][]): StepView[] {
  return states.map((state, index) => ({
    label: `step ${index + 1}`,
    shares: { blue: 10_000 - (index + 1) * 1_000, green: (index + 1) * 1_000 },
    state,
    until: index === 5 ? "approval" : "time",
  }));
}

const rollout = rolloutView({
  step: 2,
  steps: steps("done", "done", "now", "next", "next", "next", "next", "next"),
  checks: [
    checkView(),
    checkView({
      name: "p95",
      is: "inconclusive",
      samples: 3_000,
      needed: { requests: 1_000, ms: 40_000 },
      text: "so far so good",
    }),
  ],
});

const service = serviceView({
  rollout,
  wanted: { shares: { blue: 7_000, green: 3_000 } },
  applied: { ...serviceView().applied, shares: { blue: 8_000, green: 2_000 } },
  observed: { shares: { blue: 8_060, green: 1_940 }, requests: 15_000, windowMs: 30_000, sample: 10_000 },
});

function screen(style: Partial<Style>, rows: number, more: Partial<Frame> = {}): string[] {
  const frame: Frame = {
    service,
    rollout,
    events: [1, 2, 3].map((seq) => eventView(seq, { text: `event ${seq}` })),
    ageMs: 2_000,
    trouble: null,
    notice: null,
    keys: ["n next", "a abort"],
    footer: "Ctrl-C stops watching",
    ...more,
  };
  return liveLines(frame, { ...BARE, unicode: true, ...style }, rows, NOW);
}

const members = (count: number, bad: number) =>
  Array.from({ length: count }, (_, at) =>
    memberView(`10.0.0.${at}:80`, at === bad ? { health: "down", reason: "connection refused" } : {}),
  );

const crowded = { service: { ...service, pools: { blue: { members: members(40, 33), from: "config" as const } } } };

describe("the live screen", () => {
  test("keeps requested, in nginx and observed apart, with the requests a second of each pool", () => {
    const green = screen({ columns: 100 }, 40).find((line) => line.startsWith("green"));
    expect(green?.split(/ {2,}/)).toEqual(["green", "2/2 ✔", "30%", "20%", "19.4%", "97"]);
  });

  test("counts down between looks, and shows the steps as a track", () => {
    const lines = screen({ columns: 100 }, 40);
    expect(lines[1]).toBe("◌ observing   step 3/8   next in 00:40");
    expect(lines[3]).toBe(`|█████${"░".repeat(20)}| ✔ 10%  ✔ 20%  [30%]  40%  50%  60% approve  70%  80%`);
    expect(screen({ columns: 60 }, 40)[3]).toBe(`|███${"░".repeat(12)}| ✔ 10%  ✔ 20%  [30%]  40%  50%  …`);
  });

  test("shows how far a check is towards its verdict", () => {
    const p95 = screen({ columns: 140 }, 40).find((line) => line.startsWith("p95"));
    expect(p95).toContain("◷ inconclusive");
    expect(p95).toContain("████████░░ ~1000 requests, 40s");
    expect(p95).toContain("so far so good");
  });

  test.each([
    [200, 50],
    [100, 24],
    [60, 30],
    [60, 12],
    [30, 10],
    [12, 4],
  ])("fits into %i columns and %i rows", (columns, rows) => {
    for (const style of [{ columns }, { columns, unicode: false }, { columns, colour: true }]) {
      const lines = screen(style, rows, { ...crowded, notice: { text: "abort: send everything back to blue?", tone: "warn" } });
      expect(lines.length).toBeLessThanOrEqual(rows - 1);
      for (const line of lines) expect(width(line)).toBeLessThanOrEqual(columns);
      expect(lines[0]).toContain("web");
    }
  });

  test("counts what is well, and shows what is not, where there is no room for all", () => {
    const lines = screen({ columns: 100 }, 30, crowded);
    const from = lines.findIndex((line) => line.startsWith("POOL   MEMBER") || line.startsWith("POOL  MEMBER"));
    expect(lines[from + 1]).toContain("10.0.0.33:80");
    expect(lines[from + 1]).toContain("connection refused");
    expect(lines.find((line) => line.startsWith("… "))).toMatch(/^… \d+ more members ok$/);
    expect(screen({ columns: 100 }, 18, crowded).join("\n")).toContain("connection refused");
  });

  test("shows checks that failed before those that passed", () => {
    const checks = [
      ...Array.from({ length: 12 }, (_, at) => checkView({ name: `c${at}` })),
      checkView({ name: "bad", is: "fail" }),
    ];
    const lines = screen({ columns: 100 }, 16, { rollout: { ...rollout, checks } });
    const from = lines.findIndex((line) => line.startsWith("CHECK"));
    expect(lines[from + 1]).toMatch(/^bad +✖ fail/);
    expect(lines.join("\n")).toMatch(/… \d+ more that pass/);
  });

  test("has no glyph that an ASCII terminal lacks", () => {
    for (const line of screen({ columns: 100, unicode: false }, 40, crowded)) expect(line).toMatch(/^[\x20-\x7e]*$/);
  });

  test("asks where a key was pressed, and drops the explanation before the keys", () => {
    const notice = { text: "abort: send everything back to blue? a again to do it", tone: "warn" as const };
    expect(screen({ columns: 60 }, 24, { notice }).at(-2)).toBe(notice.text);
    expect(screen({ columns: 100 }, 24).at(-1)).toBe("n next  a abort   Ctrl-C stops watching");
    expect(screen({ columns: 30 }, 24).at(-1)).toBe("n next  a abort");
  });

  test("says when it is not up to date, whatever has to go for it", () => {
    expect(screen({ columns: 60 }, 6, { trouble: "no controller listens" })[1]).toBe("▲ not up to date: no controller listens");
  });
});
