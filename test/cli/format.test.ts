import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { eventLine } from "../../src/cli/format/event.ts";
import { checksTable, progressLine, rolloutState } from "../../src/cli/format/rollout.ts";
import { serviceLines } from "../../src/cli/format/service.ts";
import { servicesTable } from "../../src/cli/format/services.ts";
import { BARE, paint, type Style, styleOf } from "../../src/cli/format/style.ts";
import { table } from "../../src/cli/format/table.ts";
import { clock, countdown, duration, measured, needed, percent, shares } from "../../src/cli/format/units.ts";
import { clip, plain, width } from "../../src/cli/format/width.ts";
import { checkView, ended, eventView, memberView, rolloutView, serviceView } from "../support/views.ts";

const NOW = Date.parse("2026-03-01T10:00:30.000Z");
const UNICODE: Style = { ...BARE, unicode: true };

describe("widths", () => {
  test("count columns of a terminal, not characters", () => {
    expect([width("abc"), width("日本"), width("e\u0301"), width("👍"), width("✔"), width("\x1b[31mred\x1b[0m")]).toEqual([
      3, 4, 1, 2, 1, 3,
    ]);
  });

  test("cut whole characters, and mark the cut", () => {
    expect(clip("日本語", 5, "…")).toBe("日本…");
    expect(clip("abc", 3, "…")).toBe("abc");
    expect(clip("abcdef", 2, "...")).toBe("");
  });

  test("take out what could drive a terminal", () => {
    expect(plain("a\x1b[2Jb\r\nc")).toBe("ab c");
    expect(plain("a\x1b[2Jb\nc\u202ed\x07")).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
  });
});

describe("units", () => {
  test("say shares exactly", () => {
    expect([percent(0), percent(1), percent(1250), percent(10_000)]).toEqual(["0%", "0.01%", "12.5%", "100%"]);
    expect(shares({ blue: 8_000, green: 2_000, old: 0 })).toBe("blue 80%, green 20%");
    expect(shares(null)).toBe("-");
  });

  test("say times so that nothing reads as over before it is", () => {
    expect([countdown(42_000), countdown(1), countdown(0), countdown(3_900_000)]).toEqual(["00:42", "00:01", "00:00", "1:05:00"]);
    expect([duration(250), duration(5_000), duration(150_000), duration(3_900_000)]).toEqual(["250ms", "5s", "2m 30s", "1h 5m"]);
  });

  test("name the date where it is not today", () => {
    expect(clock("2026-03-01T10:00:00.000Z", NOW)).toMatch(/^\d\d:\d\d:\d\d$/);
    expect(clock("2026-01-01T10:00:00.000Z", NOW)).toMatch(/^2026-01-01 \d\d:\d\d:\d\d$/);
    expect(clock(null, NOW)).toBe("-");
  });

  test("say a measured ratio in the unit of its limit", () => {
    expect([measured(0.0013, "< 1 %"), measured(0.0884, "< 0.3"), measured(null, "< 1 %"), measured(12, "< 20")]).toEqual([
      "0.13%",
      "0.0884",
      "-",
      "12",
    ]);
  });
});

describe("tables", () => {
  const columns = [{ title: "NAME" }, { title: "N", align: "right" as const }, { title: "WHY", shrinks: true as const }];

  test("line up, wide characters included", () => {
    const lines = table(
      columns,
      [
        ["日本", "5", "x"],
        ["abcdef", "100", "y"],
      ],
      BARE,
    );
    expect(lines).toEqual(["NAME      N  WHY", "日本      5  x", "abcdef  100  y"]);
  });

  test("leave out what matters least where a terminal is narrow, and never where the rollout is or who is ready", () => {
    const services = [serviceView({ rollout: rolloutView() }), serviceView({ name: "shop" })];
    const titles = (columns: number) => servicesTable(services, { ...UNICODE, columns })[0]?.split(/ {2,}/);
    expect(titles(160)).toEqual(["SERVICE", "STABLE", "REQUESTED", "IN NGINX", "OBSERVED", "ROLLOUT", "PHASE", "MEMBERS"]);
    expect(titles(80)).not.toContain("ROLLOUT");
    for (const columns of [60, 80, 100]) {
      const lines = servicesTable(services, { ...UNICODE, columns });
      expect(titles(columns), String(columns)).toEqual(expect.arrayContaining(["SERVICE", "IN NGINX", "PHASE", "MEMBERS"]));
      for (const line of lines) expect(width(line), line).toBeLessThanOrEqual(columns);
      expect(lines[1]).toMatch(/observing +. \d\/\d ready$/);
    }
  });

  test("are never cut where nobody looks at a terminal", () => {
    const long = "x".repeat(500);
    expect(table(columns, [["a", "1", long]], BARE)[1]).toContain(long);
  });

  test.each([120, 80, 60, 40, 20, 10, 3])("fit into %i columns", (room) => {
    const style = { ...UNICODE, columns: room };
    const lines = servicesTable(
      [serviceView({ rollout: rolloutView(), wanted: { shares: { blue: 9_500, green: 500 } } })],
      style,
    );
    for (const line of lines) expect(width(line)).toBeLessThanOrEqual(room);
  });
});

describe("colours", () => {
  const screen = (isTTY: boolean) => Object.assign(new PassThrough(), { isTTY, columns: 100, getColorDepth: () => 8 });

  test.each([
    ["a terminal", true, {}, false, true],
    ["a pipe", false, {}, false, false],
    ["NO_COLOR", true, { NO_COLOR: "1" }, false, false],
    ["an empty NO_COLOR", true, { NO_COLOR: "" }, false, true],
    ["TERM=dumb", true, { TERM: "dumb" }, false, false],
    ["--no-color", true, { FORCE_COLOR: "1" }, true, false],
    ["FORCE_COLOR on a pipe", false, { FORCE_COLOR: "1" }, false, true],
    ["FORCE_COLOR=0", true, { FORCE_COLOR: "0" }, false, false],
  ] as const)("on %s", (_, isTTY, env, flag, colour) => {
    expect(styleOf(screen(isTTY), env, flag).colour).toBe(colour);
  });

  test("never stand alone: each state has a glyph and a word, in ASCII too", () => {
    const rollout = rolloutView({ checks: [checkView(), checkView({ name: "p95", is: "error", value: null })] });
    const service = serviceView({ rollout });
    expect(serviceLines(service, UNICODE, NOW).join("\n")).toMatch(
      /✔ ready[\s\S]*✔ applied[\s\S]*◌ observing[\s\S]*✔ pass[\s\S]*▲ error/,
    );
    const ascii = serviceLines(service, BARE, NOW).join("\n");
    expect(ascii).toMatch(/\+ ready[\s\S]*~ observing[\s\S]*\+ pass[\s\S]*! error/);
    expect(ascii).toMatch(/^[\x20-\x7e\n]*$/);
  });

  test("follow the locale for glyphs", () => {
    expect(styleOf(screen(true), { LANG: "en_US.UTF-8" }, false).unicode).toBe(true);
    expect(styleOf(screen(true), { LANG: "en_US.UTF-8", LC_ALL: "C" }, false).unicode).toBe(false);
    expect(styleOf(screen(true), {}, false).unicode).toBe(false);
  });

  test("are written where they are wanted", () => {
    expect(paint({ ...BARE, colour: true }, "bad", "x")).toBe("\x1b[31mx\x1b[39m");
    expect(paint(BARE, "bad", "x")).toBe("x");
  });
});

describe("a service", () => {
  test("keeps requested, in nginx and observed apart", () => {
    const text = serviceLines(
      serviceView({
        wanted: { shares: { blue: 8_000, green: 2_000 } },
        applied: { ...serviceView().applied, shares: { blue: 9_500, green: 500 } },
        observed: { shares: { blue: 9_510, green: 490 }, requests: 400, windowMs: 30_000, sample: 10_000 },
      }),
      BARE,
      NOW,
    );
    expect(text).toContain("requested  blue 80%, green 20%");
    expect(text.find((line) => line.startsWith("in nginx"))).toContain("blue 95%, green 5%   generation 3-abcd");
    expect(text).toContain("observed   blue 95.1%, green 4.9%   400 requests in 30s");
    const observed = { shares: { blue: 10_000 }, requests: 40_000, windowMs: 30_000, sample: 1_000 };
    expect(serviceLines(serviceView({ observed }), BARE, NOW)).toContain(
      "observed   blue 100%   about 40000 requests in 30s (10% sample)",
    );
  });

  test("shows each member with its health and why", () => {
    const members = [memberView("127.0.0.1:8003", { health: "down", reason: "connection refused" })];
    const lines = serviceLines(serviceView({ pools: { green: { members, from: "config" } } }), BARE, NOW);
    expect(lines.find((line) => line.includes("8003"))).toMatch(
      /^green {2}config {2}127\.0\.0\.1:8003 {2}ready +x down +- +connection refused$/,
    );
  });

  test("shows every address of a name that has several", () => {
    const endpoints = ["10.0.0.1:80", "10.0.0.2:80"].map((address) => ({ address, health: "ready" as const, reason: null }));
    const lines = serviceLines(
      serviceView({ pools: { green: { members: [memberView("app:80", { endpoints })], from: "api" } } }),
      BARE,
      NOW,
    );
    expect(lines.filter((line) => line.includes("10.0.0."))).toHaveLength(2);
  });

  test("shows what nginx refused, and in the overview too", () => {
    const targets = [{ name: "edge", generation: "2-ab", state: "refused" as const, reason: "host not found", lingering: 1 }];
    const service = serviceView({ applied: { ...serviceView().applied, targets } });
    expect(serviceLines(service, BARE, NOW).join("\n")).toMatch(/edge +x refused +2-ab +1 +host not found/);
    expect(servicesTable([service], BARE)[1]).toContain("(x refused)");
  });

  test("does not call members down that nobody has asked", () => {
    const members = [memberView("127.0.0.1:8001", { health: "unknown" }), memberView("127.0.0.1:8002", { health: "unknown" })];
    expect(servicesTable([serviceView({ pools: { blue: { members, from: "config" } } })], BARE)[1]).toContain("2 not known");
  });

  test("lists checks with value, limit, samples and verdict", () => {
    const checks = [checkView({ is: "fail", value: 0.031, text: "3.1 % of 6060 failed" })];
    const lines = serviceLines(serviceView({ rollout: rolloutView({ checks }) }), BARE, NOW);
    expect(lines.find((line) => line.startsWith("errors"))).toMatch(
      /^errors +x fail +3\.1% +< 1 % +6060 +3\.1 % of 6060 failed$/,
    );
  });

  test("numbers its steps from 1 and marks the present one", () => {
    const lines = serviceLines(serviceView({ rollout: rolloutView() }), BARE, NOW).join("\n");
    expect(lines).toMatch(/1 {2}> now +blue 95%, green 5% +5 % to green\n +2 {2}\. next/);
    expect(lines).toContain("~ observing   step 1/3   next in 00:42");
  });

  test("says why an ended rollout ended", () => {
    const lines = serviceLines(serviceView({ rollout: ended("reverted", "errors failed: 3 % > 1 %") }), BARE, NOW).join("\n");
    expect(lines).toContain("x reverted");
    expect(lines).toContain("errors failed: 3 % > 1 %");
  });

  test("cannot be made to drive the terminal by a member's answer", () => {
    const members = [memberView("127.0.0.1:8003", { health: "down", reason: "HTTP 500 \x1b]0;owned\x07\x1b[2J" })];
    const lines = serviceLines(serviceView({ pools: { green: { members, from: "config" } } }), BARE, NOW);
    expect(lines.join("\n")).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  });
});

test("the bar of steps calls the commit by its name", () => {
  const steps = [
    { label: "100 %", shares: { green: 10_000 }, state: "done", until: "time" },
    { label: "commit", shares: { green: 10_000 }, state: "now", until: "time" },
  ] as const;
  expect(progressLine(rolloutView({ steps }), 10_000, BARE)).toMatch(/\| \S+ 100% {2}\[commit\]$/);
});

test("an event names who did it once", () => {
  const text = (said: string) =>
    eventLine(eventView(7, { text: said, actor: "ops" }), BARE, NOW)
      .split(": ")
      .slice(1)
      .join(": ");
  expect(text("approved by ops: looks good")).toBe("approved by ops: looks good");
  expect(text("canary from blue to green")).toBe("canary from blue to green (ops)");
  expect(text("approved by opsgenie")).toBe("approved by opsgenie (ops)");
});

test("an event is one line, whatever its text holds", () => {
  const line = eventLine(eventView(7, { kind: "refused", text: "nginx:\n[emerg] bad", actor: "ops" }), BARE, NOW);
  expect(line).toMatch(/^\S+( \S+)? web web-1 step 1 refused: nginx: \[emerg\] bad \(ops\)$/);
});

test("checks say what they still need, in front of all that they say, where one of them does", () => {
  const lacking = checkView({
    name: "served",
    is: "inconclusive",
    needed: { requests: 812, ms: 51_400 },
    text: "0 of 16 failed",
  });
  const lines = checksTable([lacking, checkView()], UNICODE);
  expect(lines[0]).toMatch(/SAMPLES {2}NEEDS +WHY$/);
  expect(lines[1]).toMatch(/~810 requests, 51s {2}0 of 16 failed$/);
  expect(lines[2]).toMatch(/ - {5,}0\.13 % of 6060$/);
  expect(checksTable([checkView()], UNICODE)[0]).not.toContain("NEEDS");
});

test.each([
  [{ requests: null, ms: 48_000 }, "48s"],
  [{ requests: 7, ms: null }, "~7 requests"],
  [{ requests: null, ms: null }, "-"],
  [null, "-"],
])("what is needed, %j, is %s", (needs, text) => {
  expect(needed(needs)).toBe(text);
});

test("the time of a step until evidence is the most that it can last", () => {
  const [step, ...rest] = rolloutView().steps;
  if (step === undefined) throw new Error("there is a step");
  expect(rolloutState(rolloutView({ steps: [{ ...step, until: "evidence" }, ...rest] }), BARE)).toContain("at most 00:42");
  expect(rolloutState(rolloutView(), BARE)).toContain("next in 00:42");
});
