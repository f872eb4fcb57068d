import type { RequestListener } from "node:http";
import { describe, expect, test } from "vitest";
import type { Probe } from "../../src/core/ports.ts";
import type { HealthCheck } from "../../src/core/service.ts";
import { createProbe } from "../../src/probe/health.ts";
import { startAnswers, startFull, startSocket } from "../support/answers.ts";
import { freePort } from "../support/ports.ts";

const check = (more: Partial<HealthCheck> = {}): HealthCheck => ({
  path: "/healthz",
  port: null,
  intervalMs: 1000,
  timeoutMs: 1000,
  passes: 1,
  fails: 1,
  status: { from: 200, to: 399 },
  body: null,
  host: null,
  deadlineMs: 10_000,
  ...more,
});

async function ask(answer: RequestListener, more: Partial<HealthCheck> = {}): Promise<Probe> {
  await using server = await startAnswers(answer);
  await using health = createProbe();
  const found = await health.probe(check(more), server.address, "app.internal:8001");
  await expect.poll(() => server.open()).toBe(0);
  return found;
}

const well = { healthy: true };
const ill = (reason: string) => ({ healthy: false, reason });

describe("a health check by HTTP", () => {
  test("passes on a status within the range, whatever the body", async () => {
    expect(await ask((_q, r) => void r.end("fine"))).toEqual(well);
    expect(await ask((_q, r) => void r.writeHead(204).end())).toEqual(well);
    expect(await ask((_q, r) => void r.end(Buffer.alloc(5_000_000)))).toEqual(well);
  });

  test("fails with the status and what was wanted", async () => {
    expect(await ask((_q, r) => void r.writeHead(503).end())).toEqual(ill("answered 503, wants 200 to 399"));
    expect(await ask((_q, r) => void r.writeHead(204).end(), { status: { from: 200, to: 200 } })).toEqual(
      ill("answered 204, wants 200"),
    );
  });

  test("does not wait for a body that it is not interested in", async () => {
    expect(await ask((_q, r) => void r.writeHead(503).write("and then"), { timeoutMs: 60_000 })).toEqual(
      ill("answered 503, wants 200 to 399"),
    );
  });

  test("does not follow a redirect", async () => {
    const asked: (string | undefined)[] = [];
    const redirect: RequestListener = (request, response) => {
      asked.push(request.url);
      response.writeHead(302, { location: "/login" }).end();
    };
    expect(await ask(redirect)).toEqual(well);
    expect(await ask(redirect, { status: { from: 200, to: 299 } })).toEqual(ill("answered 302, wants 200 to 299"));
    expect(asked).toEqual(["/healthz", "/healthz"]);
  });

  test("looks for a text in the first 64 kB of the body", async () => {
    expect(await ask((_q, r) => void r.end("all ok here"), { body: "ok" })).toEqual(well);
    expect(await ask((_q, r) => void r.end("all bad"), { body: "ok" })).toEqual(ill('body does not contain "ok"'));
    expect(await ask((_q, r) => void r.end(`${" ".repeat(65_534)}ok`), { body: "ok" })).toEqual(well);
    expect(await ask((_q, r) => void r.end(`${" ".repeat(65_535)}ok`), { body: "ok" })).toEqual(
      ill('body does not contain "ok"'),
    );
  });

  test("sends the member as Host, or the configured one, and the path with its query", async () => {
    const seen: string[] = [];
    const note: RequestListener = (request, response) => {
      seen.push(`${request.headers.host}${request.url} ${request.headers.connection}`);
      response.end();
    };
    await ask(note);
    await ask(note, { host: "www.example.org", path: "/up?deep=1" });
    expect(seen).toEqual(["app.internal:8001/healthz close", "www.example.org/up?deep=1 close"]);
  });

  test("asks the configured port instead of the member's", async () => {
    await using server = await startAnswers((_q, r) => void r.end());
    await using health = createProbe();
    const port = Number(server.address.split(":")[1]);
    expect(await health.probe(check({ port }), `127.0.0.1:${await freePort()}`, "app:1")).toEqual(well);
  });

  test.each([
    ["takes the request and never answers", () => {}],
    ["sends headers and no end of the body", (_q, r) => r.writeHead(200).write("x")],
    [
      "sends a byte now and then",
      (_q, r) => {
        const timer = setInterval(() => r.write("x"), 20);
        r.on("close", () => clearInterval(timer));
      },
    ],
  ] satisfies [string, RequestListener][])("gives up in time on a member that %s", async (_name, answer) => {
    const begun = performance.now();
    expect(await ask(answer, { timeoutMs: 200, body: "y" })).toEqual(ill("no answer within 0.2 s"));
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  test("says what else went wrong", async () => {
    await using health = createProbe();
    expect(await health.probe(check(), `127.0.0.1:${await freePort()}`, "app:1")).toEqual(ill("refused the connection"));
    await using drops = await startSocket((socket) => socket.once("data", () => socket.end()));
    expect(await health.probe(check(), drops.address, "app:1")).toEqual(
      ill("closed the connection before its answer was complete"),
    );
    await using resets = await startSocket((socket) => socket.once("data", () => socket.resetAndDestroy()));
    expect(await health.probe(check(), resets.address, "app:1")).toMatchObject({
      healthy: false,
      reason: expect.stringMatching(/^(reset|closed) the connection/),
    });
    await using other = await startSocket((socket) => socket.end("SSH-2.0-x\r\n"));
    expect(await health.probe(check(), other.address, "app:1")).toMatchObject({
      healthy: false,
      reason: expect.stringMatching(/^did not answer in HTTP/),
    });
  });

  test("works over IPv6", async () => {
    await using server = await startAnswers((_q, r) => void r.end(), "::1");
    await using health = createProbe();
    expect(await health.probe(check(), server.address, "app:1")).toEqual(well);
  });

  test("ends early when it is disposed", async () => {
    await using server = await startAnswers(() => {});
    const health = createProbe();
    const asked = health.probe(check({ timeoutMs: 60_000 }), server.address, "app:1");
    await expect.poll(() => server.open()).toBe(1);
    await health[Symbol.asyncDispose]();
    expect(await asked).toEqual(ill("was not asked to the end: Sluice is stopping"));
  });

  test("never rejects, even where the check makes no sense", async () => {
    await using health = createProbe();
    expect(await health.probe(check({ host: "a\nb" }), "127.0.0.1:1", "app:1")).toMatchObject({ healthy: false });
    expect(await health.probe(check({ path: "no slash" }), "127.0.0.1:1", "app:1")).toMatchObject({ healthy: false });
    expect(await health.probe(check(), "nonsense", "app:1")).toMatchObject({ healthy: false });
  });
});

describe("a health check by TCP", () => {
  const tcp = check({ path: null });

  test("passes where the connection is taken, and closes it", async () => {
    await using server = await startSocket(() => {});
    await using health = createProbe();
    expect(await health.probe(tcp, server.address, "app:1")).toEqual(well);
    await expect.poll(() => server.open()).toBe(0);
  });

  test("is given up in time where nobody takes it, by HTTP as well", async () => {
    await using full = await startFull();
    await using health = createProbe();
    const begun = performance.now();
    expect(await health.probe(check({ path: null, timeoutMs: 200 }), full.address, "app:1")).toEqual(
      ill("no answer within 0.2 s"),
    );
    expect(await health.probe(check({ timeoutMs: 200 }), full.address, "app:1")).toEqual(ill("no answer within 0.2 s"));
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  test("fails where it is refused", async () => {
    await using health = createProbe();
    expect(await health.probe(tcp, `127.0.0.1:${await freePort()}`, "app:1")).toEqual(ill("refused the connection"));
    expect(await health.probe(tcp, "127.0.0.1:70000", "app:1")).toMatchObject({ healthy: false });
  });
});
