import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";
import { root } from "../support/sources.ts";

/** The small application of the compose stack, as a process of this machine. */
let app: ReturnType<typeof spawn>;
let url: string;

beforeEach(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const env = { ...process.env, VERSION: "v7", PORT: String(port) };
  app = spawn(process.execPath, [join(root, "docker/app/app.ts")], { env, stdio: "ignore" });
  await until("the application answers", () => fetch(`${url}/healthz`).then(Boolean, () => false), 10_000);
});

afterEach(async () => {
  if (app.exitCode !== null || app.signalCode !== null) return;
  const gone = once(app, "exit");
  app.kill("SIGKILL");
  await gone;
});

const post = async (path: string) => (await fetch(url + path, { method: "POST" })).text();
const page = async () => (await fetch(`${url}/metrics`)).text();

async function statuses(count: number): Promise<Readonly<Record<number, number>>> {
  const seen: Record<number, number> = {};
  for (let at = 0; at < count; at += 1) {
    const { status } = await fetch(url);
    seen[status] = (seen[status] ?? 0) + 1;
  }
  return seen;
}

describe("the application of the compose stack", () => {
  test("answers its version, and counts what it answers", async () => {
    const answer = await fetch(url);
    expect(answer.headers.get("x-version")).toBe("v7");
    expect(await answer.text()).toMatch(/^hello from v7 on /);
    expect(await page()).toContain('http_requests_total{code="200",version="v7"} 1\n');
    expect(await page()).toContain('http_request_duration_seconds_count{version="v7"} 1\n');
  });

  test("fails the part of its requests that it is told to, until it is mended", async () => {
    expect(await post("/break?ratio=0.25")).toContain("now fails 25 % of its requests");
    expect(await statuses(20)).toEqual({ 200: 15, 500: 5 });
    expect(await page()).toContain('http_requests_total{code="500",version="v7"} 5\n');
    await post("/mend");
    expect(await statuses(5)).toEqual({ 200: 5 });
  });

  test("is slow, and says so in its histogram", async () => {
    await post("/slow?ms=120");
    const from = performance.now();
    await statuses(1);
    expect(performance.now() - from).toBeGreaterThanOrEqual(115);
    expect(await page()).toContain('http_request_duration_seconds_bucket{version="v7",le="0.1"} 0\n');
    expect(await page()).toContain('http_request_duration_seconds_bucket{version="v7",le="0.25"} 1\n');
  });

  test("is sick, and dies", async () => {
    await post("/sick");
    expect((await fetch(`${url}/healthz`)).status).toBe(503);
    expect(await statuses(1)).toEqual({ 200: 1 });
    const gone = once(app, "exit");
    await post("/die");
    expect((await gone)[0]).toBe(1);
  });
});
