import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sluice } from "../support/cli.ts";
import { slowGuarded, slowPlain, windowOf } from "../support/evidence.ts";
import { root } from "../support/sources.ts";

const WINDOWS = [
  windowOf(100, 1, 1900, 19),
  windowOf(100, 7, 1900, 19),
  windowOf(0, 0, 1900, 19),
  windowOf(100, 9, 1900, 19),
  windowOf(1000, 90, 19_000, 190),
];
const RECORDING = WINDOWS.map((window, index) => JSON.stringify({ t: 60 * (index + 1), ...window })).join("\n");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-judge-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function judge(text: string, ...args: string[]) {
  await writeFile(join(folder, "recorded.jsonl"), text);
  return sluice(["judge", "recorded.jsonl", ...args], { cwd: folder });
}

const linesOf = (stdout: string) => stdout.split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);

describe("judge", () => {
  test("prints a line a window with -o json, with no controller and no configuration", async () => {
    const { code, stdout, stderr } = await judge(RECORDING, "-o", "json");
    expect([code, stderr]).toEqual([0, ""]);
    const lines = linesOf(stdout);
    expect(lines.map(({ t, verdict }) => [t, verdict])).toEqual([
      [60, "hold"],
      [120, "hold"],
      [180, "hold"],
      [240, "hold"],
      [300, "revert"],
    ]);
    expect(Object.keys(lines[0] ?? {})).toEqual(["t", "logHarm", "logHealthy", "dispersion", "verdict"]);
    const slow = slowGuarded({ rho: 1.1, delta: 0 }, WINDOWS);
    const compared = lines.filter(({ t }) => t !== 180);
    for (const [index, line] of compared.entries()) {
      expect(line.logHarm).toBeCloseTo(Math.log(slow[index]?.evidence ?? Number.NaN), 9);
      expect(line.dispersion).toBeCloseTo(slow[index]?.dispersion ?? Number.NaN, 9);
    }
    expect(lines[2]).toEqual({ ...lines[1], t: 180 });
  });

  test("takes other rules, and no guards, for a what-if", async () => {
    const { stdout } = await judge(RECORDING, "-o", "json", "--plain", "--rho0", "2", "--delta", "0.1%", "--rho1", "3");
    const last = linesOf(stdout).at(-1);
    const factors = [1.25, 1.5, 2, 3, 5, 10, 30, 1e6];
    expect(last?.logHarm).toBeCloseTo(Math.log(slowPlain({ rho: 2, delta: 0.001 }, factors, WINDOWS)), 9);
    const gentler = [0, 0.125, 0.25, 0.4, 0.55, 0.7, 0.85];
    expect(last?.logHealthy).toBeCloseTo(Math.log(slowPlain({ rho: 3, delta: 0.005 }, gentler, WINDOWS)), 9);
    const strict = await judge(RECORDING, "-o", "name", "--alpha", "0.0001");
    expect(strict.stdout.split("\n").at(-1)).toBe("hold");
  });

  test("reads stdin for -", async () => {
    const { stdout } = await execa(process.execPath, [join(root, "src/main.ts"), "judge", "-", "-o", "json"], {
      input: RECORDING,
    });
    expect(linesOf(stdout)).toHaveLength(5);
  });

  test("tells people in a table, and in a sentence", async () => {
    const { stdout } = await judge(RECORDING);
    expect(stdout).toContain("300  90/1000  190/19000      970  10^-5     1.41  revert");
    expect(stdout).toContain("240    9/100    19/1900       81  0.037     1.69  hold");
    expect(stdout).toContain("hold: no canary traffic");
    expect(stdout.split("\n").slice(-2)).toEqual([
      "revert at 300: 107 of 1 300 requests failed on the canary, 247 of 24 700 on stable over the same 4 windows; " +
        "evidence 970 against, 100 needed; more than 5.2 times as often as on stable",
      "  4 such windows can be expected to show a failure rate of 2.6 % or more on the canary beside 1 % on stable",
    ]);
  });

  test("reverts an outage with the first window", async () => {
    const { stdout } = await judge(JSON.stringify({ t: 5, ...windowOf(40, 40, 760, 1) }));
    expect(stdout).toMatch(/ 10\^44 .* revert: outage/);
  });

  test("judges latencies, in milliseconds or in buckets, and shows what a gauge would say", async () => {
    const stable = Array.from({ length: 600 }, (_, index) => 50 + (index % 100));
    const slow = Array.from({ length: 200 }, (_, index) => 100 + (index % 100));
    const arm = (latencies: readonly number[], gauge: unknown) => {
      const upTo = (bound: number) => latencies.filter((ms) => ms <= bound).length;
      return { n: latencies.length, x: 0, latencies, gauge, buckets: { 75: upTo(75), 125: upTo(125), "+Inf": latencies.length } };
    };
    const lines = [1, 2, 3, 4].map((t) =>
      JSON.stringify({ t, canary: arm(slow, 900), stable: arm(stable, { a: 500, b: 510, c: 490 }) }),
    );
    const found = linesOf((await judge(lines.join("\n"), "-o", "json")).stdout);
    expect(found.map(({ verdict }) => verdict)).toEqual(["hold", "hold", "revert", "revert"]);
    expect(found[0]?.logSlower).toBe(0);
    expect(found[3]?.logSlower).toBeGreaterThan(Math.log(100));
    expect(found[3]?.logGauge).toBeCloseTo(Math.log((1.25 ** 4 + 1.5 ** 4 + 1.75 ** 4 + 2 ** 4) / 4), 9);
    const { stdout } = await judge(lines.join("\n"));
    expect(stdout).toMatch(
      /latency: \d+ of 600 requests took more than \d+ ms on the canary, \d+ of 1 800 more than \d+ ms on stable/,
    );
    expect(stdout).toContain("revert at 4\n  failures: 0 of 800");
    expect(stdout).toMatch(/buckets: evidence \d+ against, 100 needed/);
    // No margin can be taken out of a bucket, so the buckets still say it, a window later.
    const lenient = await judge(lines.join("\n"), "--margin", "200%", "-o", "name");
    expect(lenient.stdout).toBe("hold\nhold\nhold\nrevert");
    expect((await judge(lines.join("\n"), "--margin", "-1%", "-o", "name")).code).toBe(2);
  });

  test("asks for health anew at each step that the recording names", async () => {
    const window = windowOf(1000, 0, 19_000, 0);
    const lines = [1, 1, 2].map((step, index) => JSON.stringify({ t: index, step, ...window })).join("\r\n\r\n");
    const found = linesOf((await judge(lines, "-o", "json")).stdout);
    expect(found[2]?.logHealthy).toBe(found[0]?.logHealthy);
    expect(found[1]?.logHealthy).toBeGreaterThan(Number(found[0]?.logHealthy));
  });

  test.each([
    ['{"t":1,"canary":{"n":1,"x":0},"stable":{"n":1,"x":0}}\n{"t":2,', "2:8 not JSON: expected a name in double quotes"],
    ['{"t":1,"canary":{"n":-1,"x":0},"stable":{"n":1,"x":0}}', "1:22 canary.n: expected a whole number, 0 or more, not -1"],
    ['{"t":1,"canary":{"n":1,"x":0},"stable":{"n":1}}', "1:40 stable.x: expected a whole number, 0 or more, not nothing"],
    ['{"t":1,"canary":{"n":1,"x":2},"stable":{"n":1,"x":0}}', "1:28 canary.x: 2 errors of 1 requests"],
    ['{"t":"1","canary":{"n":1,"x":0},"stable":{"n":1,"x":0}}', '1:6 t: expected the time in seconds, not "1"'],
    ['{"t":1,"canary":{"n":NaN,"x":0},"stable":{"n":1,"x":0}}', "1:22 not JSON: expected a value"],
    ['{"t":1,"canary":{"n":1e400,"x":0},"stable":{"n":1,"x":0}}', "1:22 canary.n: expected a whole number"],
    [
      '{"t":1,"canary":{"n":1,"x":0,"latencies":[1,-2]},"stable":{"n":1,"x":0}}',
      "1:45 canary.latencies[1]: expected milliseconds",
    ],
    ['{"t":1,"canary":{"n":1,"x":0,"latencies":[1]},"stable":{"n":1,"x":0}}', '1:56 stable: expected "latencies" on both arms'],
    ['{"t":1,"canary":{"n":1,"x":0,"buckets":{"x":1}},"stable":{"n":1,"x":0}}', "1:45 canary.buckets.x: expected a number"],
    ["[]", '1:1 expected an object with "t", "canary" and "stable", not []'],
    ["t=1", "1:1 not JSON: expected a value"],
    ["\n\n", "1:1 holds no window"],
  ])("refuses %j with line and column, exit 6", async (text, message) => {
    const { code, stderr } = await judge(text, "-o", "json");
    expect(code).toBe(6);
    expect(stderr).toContain(`recorded.jsonl:${message}`);
  });

  test("says what is wrong with an option, exit 2, and that a file is not there, exit 6", async () => {
    expect(await judge(RECORDING, "--alpha", "2")).toMatchObject({ code: 2 });
    expect(await judge(RECORDING, "--rho0", "0x1")).toMatchObject({ code: 2 });
    const missing = await sluice(["judge", "nowhere.jsonl"], { cwd: folder });
    expect([missing.code, missing.stderr]).toEqual([6, expect.stringContaining("cannot read nowhere.jsonl: ENOENT")]);
  });
});
