import { describe, expect, it } from "vitest";
import type { Evidence, MetricSource } from "../../../src/core/ports.ts";
import type { NginxMetric } from "../../../src/core/service.ts";
import type { NginxLog } from "../../../src/metrics/nginx-log/log.ts";
import { poolsWithin } from "../../../src/metrics/nginx-log/pools.ts";
import { createNginxSource } from "../../../src/metrics/nginx-log/source.ts";
import { count, steady } from "../../support/client.ts";
import { type MemberServer, startMember } from "../../support/members.ts";
import { until } from "../../support/nginx.ts";
import { startLogging } from "../../support/nginx-log.ts";
import { routeOf } from "../../support/routes.ts";

const ERRORS: NginxMetric = {
  name: "errors",
  source: "nginx",
  measure: "errors",
  sample: 10_000,
  intervalMs: 250,
  timeoutMs: 250,
  windowMs: 60_000,
};
const FOREVER = Number.MAX_SAFE_INTEGER;

/** What a controller does with the source: samples, and keeps what it is given, as a store would. */
class Judge {
  evidence: Evidence | null = null;
  /** What a comparison was given of the candidate so far: by bucket, divided by 1.1. */
  readonly eased: number[] = [];
  #taken = 0;
  readonly metric: NginxMetric;
  #source: MetricSource<NginxMetric>;
  #since: number;

  constructor(log: NginxLog, metric: NginxMetric = ERRORS) {
    this.metric = metric;
    this.#source = createNginxSource(log);
    this.#since = Date.now();
  }

  /** As after a restart: another reader, and what was stored. */
  restart(log: NginxLog): void {
    this.#source = createNginxSource(log);
    this.evidence = JSON.parse(JSON.stringify(this.evidence));
  }

  nextStep(): void {
    this.#since = Date.now();
  }

  async sample(): Promise<Evidence> {
    const wall = Date.now();
    const subject = { service: "web", pool: "green", version: null, endpoints: [], since: this.#since, margins: [0.1] };
    this.evidence = await this.#source.sample(this.metric, subject, this.evidence, { t: wall, wall });
    const window = poolsWithin(this.evidence, this.#taken, FOREVER);
    this.#taken = window?.to ?? this.#taken;
    for (const [bucket, more] of (window?.pools.green?.eased["0.1"] ?? []).entries())
      this.eased[bucket] = (this.eased[bucket] ?? 0) + more;
    return this.evidence;
  }

  /** Tries by pool since the step began: all, and failed. */
  counts(): Readonly<Record<string, { n: number; x: number }>> {
    const pools = this.evidence === null ? undefined : poolsWithin(this.evidence, this.#since, FOREVER)?.pools;
    return Object.fromEntries(Object.entries(pools ?? {}).map(([pool, { n, x }]) => [pool, { n, x }]));
  }

  async counted(pools: Readonly<Record<string, number>>): Promise<void> {
    const there = async () => {
      await this.sample();
      return Object.entries(pools).every(([pool, n]) => (this.counts()[pool]?.n ?? 0) >= n);
    };
    await until(`the log shows ${JSON.stringify(pools)}`, there, 5_000).catch((error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify(this.counts())} ${JSON.stringify(this.evidence?.last)}`);
    });
  }

  measure() {
    if (this.evidence === null) throw new Error("nothing was sampled");
    return this.#source.measure(this.metric, this.evidence, this.#since, FOREVER);
  }
}

async function pools(): Promise<AsyncDisposable & { blue: MemberServer; green: MemberServer }> {
  const [blue, green] = await Promise.all([startMember({ name: "blue" }), startMember({ name: "green" })]);
  return {
    blue,
    green,
    async [Symbol.asyncDispose]() {
      await Promise.all([blue[Symbol.asyncDispose](), green[Symbol.asyncDispose]()]);
    },
  };
}

/** Past the grain that a step begins in: time itself is what is waited for, as nothing else tells two of them apart. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 600));

const weighted = ({ blue, green }: { blue: MemberServer; green: MemberServer }, green_bp = 5_000, sample = 10_000) =>
  routeOf(
    { blue: [blue.address], green: [green.address] },
    { shares: { blue: 10_000 - green_bp, green: green_bp }, shape: { routing: "weighted", log: { sample } } },
  );

describe("nginx's log", () => {
  it("shows a candidate that fails behind retries, although every client gets 200", { timeout: 20_000 }, async () => {
    await using two = await pools();
    let asked = 0;
    two.green.setStatus(() => (++asked % 20 === 0 ? 500 : 200));
    await using edge = await startLogging(
      weighted(two),
      "proxy_next_upstream error timeout http_500; proxy_next_upstream_tries 2;",
    );
    await using log = edge.read();
    const judge = new Judge(log);
    await judge.sample();
    await settled();
    await using client = steady(edge.url);
    await client.more(800);
    await client.stop();
    expect(client.failures).toEqual([]);
    expect(Object.keys(client.counts).sort()).toEqual(["blue", "green"]);
    await judge.counted({ green: two.green.count, blue: two.blue.count });
    expect(judge.counts()).toEqual({
      blue: { n: two.blue.count, x: 0 },
      green: { n: two.green.count, x: Math.floor(two.green.count / 20) },
    });
    const { value, samples, problem } = judge.measure();
    expect(problem).toBeNull();
    expect(samples).toBe(two.green.count);
    expect(value).toBeCloseTo(0.05, 2);
  });

  it("counts a member that refuses connections, and none for a client that left", { timeout: 20_000 }, async () => {
    await using two = await pools();
    await using edge = await startLogging(weighted(two), "proxy_next_upstream error timeout;");
    await using log = edge.read();
    const judge = new Judge(log);
    await judge.sample();
    await settled();
    await two.green.die();
    expect(await count(edge.url, 100)).toEqual({ blue: 100 });
    two.blue.setDelay(2_000);
    await fetch(edge.url, { signal: AbortSignal.timeout(100) }).catch(() => null);
    await judge.counted({ blue: 100, green: 45 });
    const { blue, green } = judge.counts();
    expect(blue).toEqual({ n: 100, x: 0 });
    expect(green?.x).toBe(green?.n);
  });

  it.each(["weighted", "live"] as const)(
    "loses no line over a reload, rotations and a restart of its reader, and counts none twice (%s)",
    { timeout: 40_000 },
    async (routing) => {
      await using two = await pools();
      const route = weighted(two);
      await using edge = await startLogging({ ...route, shape: { ...route.shape, routing } }, "");
      let log = edge.read({ limitBytes: 40_000 });
      const judge = new Judge(log);
      await judge.sample();
      await settled();
      await using client = steady(edge.url, { connections: 8 });
      for (let round = 0; round < 6; round += 1) {
        await client.more(300);
        await judge.sample();
        if (round % 2 === 0) await edge.nginx.reload();
        if (round === 3) {
          // Killed after a read that was never stored.
          await createNginxSource(log).sample(judge.metric, SUBJECT, judge.evidence, { t: Date.now(), wall: Date.now() });
          await log[Symbol.asyncDispose]();
          await client.more(200);
          log = edge.read({ limitBytes: 40_000 });
          judge.restart(log);
        }
      }
      await client.stop();
      await judge.counted({ blue: two.blue.count });
      await settled();
      await judge.sample();
      const { blue, green } = judge.counts();
      expect({ blue: blue?.n ?? 0, green: green?.n ?? 0 }).toEqual({ blue: two.blue.count, green: two.green.count });
      expect(judge.evidence?.problem).toBeNull();
      await log[Symbol.asyncDispose]();
    },
  );

  it("leaves out requests that began before the step", { timeout: 20_000 }, async () => {
    await using two = await pools();
    await using edge = await startLogging(weighted(two, 10_000), "");
    await using log = edge.read();
    const judge = new Judge(log);
    await judge.sample();
    two.green.setDelay(1_500);
    const early = count(edge.url, 1);
    await until("the request has begun", () => two.green.count === 1);
    await settled();
    judge.nextStep();
    await judge.sample();
    two.green.setDelay(0);
    await early;
    await settled();
    await count(edge.url, 7);
    await judge.counted({ green: 7 });
    await settled();
    await judge.sample();
    expect(two.green.count).toBe(8);
    expect(judge.counts()).toEqual({ green: { n: 7, x: 0 } });
  });

  it("measures the latency of answers that did not fail, per pool", { timeout: 20_000 }, async () => {
    await using two = await pools();
    await using edge = await startLogging(weighted(two, 10_000), "proxy_next_upstream off;");
    await using log = edge.read();
    const judge = new Judge(log, { ...ERRORS, measure: "latency", quantile: 0.5 } as NginxMetric);
    await judge.sample();
    await settled();
    two.green.setDelay(200);
    await Promise.all(Array.from({ length: 20 }, () => count(edge.url, 1)));
    two.green.setDelay(0);
    two.green.setStatus(500);
    await count(edge.url, 60);
    await judge.counted({ green: 80 });
    const { value, samples } = judge.measure();
    expect(samples).toBe(20);
    expect(value).toBeGreaterThan(0.19);
    expect(value).toBeLessThan(0.3);
    const green = poolsWithin(judge.evidence as Evidence, 0, FOREVER)?.pools.green;
    const top = (counts: readonly number[] = []) => counts.findIndex((many) => many > 0);
    const total = (counts: readonly number[]) => counts.reduce((sum, many) => sum + (many ?? 0), 0);
    expect(total(judge.eased)).toBe(20);
    expect(top(green?.latencies) - top(judge.eased)).toBe(2);
  });

  it("says what was served by pool, scaled up where a part is written down", { timeout: 20_000 }, async () => {
    await using two = await pools();
    await using edge = await startLogging(weighted(two, 2_500, 2_000), "");
    await using log = edge.read();
    expect(log.observed("web")).toBeNull();
    await new Judge(log).sample();
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await count(edge.url, 2_000, { keepAlive: true });
    const total = () => Object.values(log.observed("web")?.requests ?? {}).reduce((sum, one) => sum + one, 0);
    await until("they are seen", () => total() > 1_500, 6_000);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(total()).toBeGreaterThan(1_600);
    expect(total()).toBeLessThan(2_400);
    // 400 of them were written down: five standard deviations of a part of a quarter.
    expect(Math.abs((log.observed("web")?.requests.green ?? 0) / total() - 0.25)).toBeLessThan(0.11);
    expect(log.observed("api")).toBeNull();
  });

  it("finishes a rotation that a kill cut off", { timeout: 20_000 }, async () => {
    const { existsSync, renameSync } = await import("node:fs");
    await using two = await pools();
    await using edge = await startLogging(weighted(two), "");
    renameSync(edge.path, `${edge.path}.1`);
    await using log = edge.read();
    const judge = new Judge(log);
    await until("nginx writes to a new file", async () => (await judge.sample()).problem === null);
    expect(existsSync(edge.path)).toBe(true);
    await settled();
    await count(edge.url, 10);
    await judge.counted({ blue: 5, green: 5 });
  });

  it("says that lines are gone or cannot be read, and goes on", { timeout: 20_000 }, async () => {
    const { appendFileSync, rmSync } = await import("node:fs");
    await using two = await pools();
    await using edge = await startLogging(weighted(two), "");
    let log = edge.read();
    const judge = new Judge(log);
    await judge.sample();
    appendFileSync(edge.path, '{"p":"web - 10000","t":1\n');
    expect((await judge.sample()).problem).toMatch(/^1 lines of nginx's log cannot be read/);
    expect((await judge.sample()).problem).toBeNull();
    await log[Symbol.asyncDispose]();
    rmSync(edge.path);
    process.kill(edge.nginx.pid, "SIGUSR1");
    log = edge.read();
    judge.restart(log);
    expect((await judge.sample()).problem).toMatch(/are gone|is not there/);
    await until("the new file is there", async () => (await judge.sample()).problem === null);
    await log[Symbol.asyncDispose]();
  });
});

const SUBJECT = { service: "web", pool: "green", version: null, endpoints: [] };
