import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { width } from "../../src/cli/format/width.ts";
import type { Io } from "../../src/cli/io.ts";
import { run } from "../../src/cli/program.ts";
import { Refusal } from "../../src/core/errors.ts";
import { type RunningApi, startApi } from "../support/api.ts";
import { until } from "../support/nginx.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { checkView, ended, memberView, rolloutView, serviceView } from "../support/views.ts";

let control: ScriptedControl;
let api: RunningApi;

beforeEach(async () => {
  const rollout = rolloutView({ checks: [checkView()] });
  control = new ScriptedControl(serviceView({ rollout }));
  control.reactions.start = (service) => ({ ...service, rollout });
  control.happen({});
  api = await startApi(control);
});

afterEach(() => api[Symbol.asyncDispose]());

/** A stream that says it is a terminal of some size, and keeps what is drawn. */
class Terminal extends PassThrough {
  readonly isTTY = true;
  columns: number;
  rows: number;
  drawn = "";
  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
    this.on("data", (chunk: Buffer) => {
      this.drawn += chunk.toString();
    });
  }

  get text(): string {
    return stripVTControlCharacters(this.drawn);
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.emit("resize");
  }
}

type Session = { out: Terminal; err: Terminal; input: PassThrough; interrupt: () => void; ended: Promise<number> };

function onTerminal(args: readonly string[], { columns = 90, rows = 30, env = {} } = {}): Session {
  const out = new Terminal(columns, rows);
  const err = new Terminal(columns, rows);
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const interrupted = new AbortController();
  const io: Io = {
    argv: args,
    env: { SLUICE_URL: api.url, SLUICE_TOKEN: api.token, LANG: "C.UTF-8", TERM: "xterm", ...env },
    cwd: "/",
    stdin: input,
    stdout: out,
    stderr: err,
    wall: Date.now,
    mono: () => performance.now(),
    interruptible: () => interrupted.signal,
    onHangup: () => {},
  };
  const missing = () => Promise.reject(new Error("no part of these tests"));
  return { out, err, input, interrupt: () => interrupted.abort(), ended: run(io, { openLog: missing, runDemo: missing }) };
}

describe("on a terminal", () => {
  test("start waits by itself, redraws in place, and keeps the end", async () => {
    const session = onTerminal(["start", "web"]);
    await until("the first screen", () => session.err.text.includes("Ctrl-C stops watching; the rollout goes on"));
    expect(session.err.text).toContain("◌ observing   step 1/3   next in 00:42");
    expect(session.err.text).toMatch(/POOL +READY +REQUESTED +IN NGINX +OBSERVED/);
    control.move(ended("promoted", "every step passed"));
    expect(await session.ended).toBe(0);
    expect(session.out.text).toBe("web-1 canary blue → green ✔ promoted: every step passed\n");
    expect(session.err.drawn).toMatch(/\x1b\[\d*[AGK]/);
  });

  test("start --detach does not wait", async () => {
    const session = onTerminal(["start", "web", "--detach"]);
    expect(await session.ended).toBe(0);
    expect(session.out.text).toBe("web-1\n");
  });

  test("counts down by itself, and redraws at most five times a second", async () => {
    control.put(serviceView({ rollout: rolloutView({ remainingMs: 42_300 }) }));
    const session = onTerminal(["watch", "web"]);
    await until("the time left", () => session.out.text.includes("00:43"));
    await until("the next second, which no look brought", () => session.out.text.includes("00:42"));
    const started = performance.now();
    let draws = 0;
    session.out.on("data", () => {
      draws += 1;
    });
    for (let at = 0; performance.now() - started < 2_000; at += 1) {
      control.happen({ text: `event ${at}` });
      await sleep(20);
    }
    const seconds = (performance.now() - started) / 1000;
    expect(draws).toBeGreaterThan(2);
    expect(draws).toBeLessThanOrEqual(5 * seconds + 1);
    session.interrupt();
    expect(await session.ended).toBe(130);
  });

  test.each([
    [90, 12],
    [40, 30],
    [24, 8],
    [60, 3],
  ])("of %i by %i fits, and keeps what matters longest", async (columns, rows) => {
    const members = Array.from({ length: 40 }, (_, at) =>
      memberView(`10.0.0.${at}:80`, { health: "down", reason: "connection refused" }),
    );
    control.put(
      serviceView({
        rollout: rolloutView({ checks: [checkView()] }),
        pools: { ...serviceView().pools, green: { members, from: "config" } },
      }),
    );
    const session = onTerminal(["watch", "web"], { columns, rows });
    await until("the first screen", () => session.out.text.includes("web-1"));
    session.interrupt();
    await session.ended;
    const lines = session.out.text.trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(rows);
    for (const line of lines) expect(width(line)).toBeLessThanOrEqual(columns);
    expect(lines[0]).toMatch(/^web /);
  });

  test("follows a change of its size", async () => {
    const session = onTerminal(["watch", "web"], { columns: 90 });
    await until("the first screen", () => session.out.text.includes("POOL"));
    const before = session.out.text.length;
    session.out.resize(30, 30);
    await until("the narrow screen", () => session.out.text.slice(before).includes("…"));
    session.interrupt();
    await session.ended;
  });

  test("says what is not up to date while the controller is away", async () => {
    const session = onTerminal(["watch", "web"]);
    await until("the first screen", () => session.out.text.includes("POOL"));
    const { port, token } = api;
    await api[Symbol.asyncDispose]();
    await until("the warning", () => session.out.text.includes("not up to date: no controller listens"));
    control.move(ended("promoted", "every step passed"));
    api = await startApi(control, { listen: { host: "127.0.0.1", port }, token });
    expect(await session.ended).toBe(0);
  });

  test("obeys its keys: what moves traffic after a second press, with its effect in between", async () => {
    control.put(serviceView({ rollout: rolloutView() }));
    control.reactions.abort = (service) => ({ ...service, rollout: ended("reverted", "aborted by tester") });
    const session = onTerminal(["watch", "web"]);
    await until("the keys", () => session.out.text.includes("n next  p promote  u pause  a abort  q leave"));
    session.input.write("a");
    await until("the question", () => session.out.text.includes("abort: send everything back to blue? a again to do it"));
    expect(control.calls).toEqual([]);
    session.input.write("a");
    expect(await session.ended).toBe(3);
    expect(control.calls).toMatchObject([{ verb: "abort", service: "web" }]);
  });

  test("says why a key was refused, and goes on", async () => {
    control.put(serviceView({ rollout: rolloutView() }));
    control.reactions.pause = () => {
      throw new Refusal("wrong-phase", "web-1 is being committed");
    };
    const session = onTerminal(["watch", "web"]);
    await until("the keys", () => session.out.text.includes("u pause"));
    session.input.write("u");
    await until("the reason", () => session.out.text.includes("pause: web-1 is being committed"));
    session.input.write("\u0003");
    expect(await session.ended).toBe(130);
    expect(session.err.text).toContain("web-1 goes on; come back with: sluice watch web");
  });

  test("takes no keys with --no-input", async () => {
    const session = onTerminal(["watch", "web", "--no-input"]);
    await until("the first screen", () => session.out.text.includes("Ctrl-C stops watching"));
    expect(session.out.text).not.toContain("u pause");
    session.input.write("q");
    session.interrupt();
    expect(await session.ended).toBe(130);
    expect(session.input.readableLength).toBe(1);
  });

  test("TERM=dumb, CI and --progress=plain get lines instead", async () => {
    for (const [args, env] of [
      [["watch", "web"], { TERM: "dumb" }],
      [["watch", "web"], { CI: "true", NO_COLOR: "1" }],
      [["watch", "web", "--progress", "plain", "--no-color"], {}],
    ] as const) {
      const session = onTerminal(args, { env });
      await until("the first line", () => session.out.drawn.includes("nginx serves 5 % to green"));
      session.interrupt();
      await session.ended;
      expect(session.out.drawn).not.toContain("\x1b");
    }
  });
});

describe("promote on a terminal", () => {
  const pending = rolloutView({ checks: [checkView({ name: "p95", is: "inconclusive", value: null })] });

  test("states the effect and asks", async () => {
    control.put(serviceView({ rollout: pending }));
    const session = onTerminal(["promote", "web"]);
    const question = "Send 100% of web to green now, skipping 2 steps, although these checks have not passed: p95? [y/N]";
    await until("the question", () => session.err.text.includes(question));
    expect(control.calls).toEqual([]);
    session.input.write("y\n");
    expect(await session.ended).toBe(0);
    expect(control.calls).toMatchObject([{ verb: "promote" }]);
  });

  test("does nothing on anything but yes", async () => {
    control.put(serviceView({ rollout: pending }));
    const session = onTerminal(["promote", "web"]);
    await until("the question", () => session.err.text.includes("[y/N]"));
    session.input.write("\n");
    expect(await session.ended).toBe(0);
    expect(session.err.text).toContain("nothing was changed");
    expect(control.calls).toEqual([]);
  });

  test("says how much traffic it is about", async () => {
    const observed = { shares: { blue: 9_500, green: 500 }, requests: 12_360, windowMs: 30_000, sample: 10_000 };
    control.put(serviceView({ rollout: pending, observed }));
    const session = onTerminal(["promote", "web"]);
    await until("the question", () => session.err.text.includes("Send 100% of web (412 req/s) to green now"));
    session.input.write("n\n");
    expect(await session.ended).toBe(0);
  });

  test.each(["--yes", "--no-input"])("does not ask with %s", async (option) => {
    control.put(serviceView({ rollout: pending }));
    expect(await onTerminal(["promote", "web", option]).ended).toBe(0);
    expect(control.calls).toMatchObject([{ verb: "promote" }]);
  });
});
