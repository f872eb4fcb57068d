import { readdirSync, readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createProxy, connect as dial } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, connect, type EventView, SluiceError } from "../../src/client/client.ts";
import { type RunningApi, startApi } from "../support/api.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { root } from "../support/sources.ts";
import { ended, rolloutView, serviceView } from "../support/views.ts";

let control: ScriptedControl;
let api: RunningApi;
let sluice: Client;

beforeEach(async () => {
  control = new ScriptedControl(serviceView({ rollout: rolloutView() }));
  control.reactions.start = (service) => ({ ...service, rollout: rolloutView() });
  control.happen({ kind: "observing", text: "nginx serves 5 % to green" });
  api = await startApi(control);
  sluice = connect({ url: api.url, token: api.token });
});
afterEach(() => api[Symbol.asyncDispose]());

async function failure(asked: Promise<unknown>): Promise<SluiceError> {
  const error = await asked.then(() => null).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(SluiceError);
  return error as SluiceError;
}

describe("a call", () => {
  test("answers the objects of the API", async () => {
    expect((await sluice.services()).map(({ name }) => name)).toEqual(["web"]);
    expect(await sluice.service("web")).toMatchObject({ name: "web", rollout: { id: "web-1" } });
    expect(await sluice.rollout("web-1")).toMatchObject({ id: "web-1", service: "web" });
    expect((await sluice.explanation("web-1")).rollout.id).toBe("web-1");
    expect(await sluice.rollouts("web", { limit: 5 })).toMatchObject({ rollouts: [{ id: "web-1" }], next: null });
    expect(await sluice.events({ after: 0 })).toMatchObject({ events: [{ seq: 1 }], next: null });
    expect(await sluice.whoami()).toMatchObject({ name: "tester", services: null });
    expect((await sluice.health()).status).toBe("ok");
    expect(await sluice.latest({ service: "web", limit: 1 })).toMatchObject({
      events: expect.any(Array),
      newest: expect.any(Number),
    });
    expect(await sluice.traffic("web", { everyMs: 10_000, from: "2026-03-01T10:00:00Z" })).toEqual({ series: null });
    expect((await sluice.plan("web", { strategy: "canary", to: "green" })).to).toBe("green");
  });

  test("starts, steers and sets members", async () => {
    const started = await sluice.start("web", { strategy: "canary", to: "green", version: "v42" });
    expect(started).toMatchObject({ is: "started", rollout: { id: "web-1" } });
    await sluice.command("web", { verb: "advance", step: 0 }, { reason: "looks good" });
    await sluice.abort("web");
    await sluice.setMember("web", "blue", "127.0.0.1:8001", "draining");
    expect(control.calls.map(({ verb }) => verb)).toEqual(["start", "advance", "abort", "setMember"]);
    expect(control.calls[1]?.input).toMatchObject({ step: 0 });
  });

  test("makes, lists and takes back tokens, and what one opens ends with it", async () => {
    const { token, about } = await sluice.createToken({ name: "ci", scope: "read" });
    const ci = connect({ url: api.url, token });
    expect(about.scope).toBe("read");
    expect((await ci.whoami()).name).toBe("ci");
    expect((await sluice.tokens()).map(({ name }) => name)).toEqual(["ci"]);
    await sluice.revokeToken("ci");
    expect(await failure(ci.services())).toMatchObject({ kind: "refused", status: 401 });
  });

  test("sends the tag in quotes, and `*` as it is", async () => {
    const { etag } = await sluice.service("web");
    await sluice.start("web", { strategy: "canary", replace: true }, { ifMatch: etag });
    await sluice.start("web", { strategy: "canary", replace: true }, { ifMatch: "*" });
    expect(await failure(sluice.start("web", { strategy: "canary", replace: true }))).toMatchObject({
      code: "precondition-required",
      status: 428,
    });
  });
});

describe("a failure", () => {
  test("of the controller has its code, its hint and what is wrong piece by piece", async () => {
    const unknown = await failure(sluice.service("nope"));
    expect(unknown).toMatchObject({ kind: "refused", code: "unknown-service", status: 404, passing: false });
    expect(unknown.instance).toMatch(/^[0-9a-f-]{36}$/);
    const wrong = await failure(sluice.start("web", { strategy: "yolo" as "canary" }));
    expect(wrong).toMatchObject({ code: "invalid", errors: [{ in: "body", pointer: "/strategy" }] });
    expect(wrong.hint).toContain("errors");
  });

  test("to find anybody is told apart, and may pass", async () => {
    await api[Symbol.asyncDispose]();
    expect(await failure(sluice.services())).toMatchObject({ kind: "nobody", status: null, passing: true });
  });

  test("of another program is told apart, and a redirect is not followed", async () => {
    await using page = await server((_, response) => response.writeHead(404, { "content-type": "text/html" }).end("<h1>"));
    expect(await failure(connect({ url: page.url }).services())).toMatchObject({ kind: "foreign", status: 404, passing: false });
    await using moved = await server((_, response) => response.writeHead(302, { location: api.url }).end());
    expect(await failure(connect({ url: moved.url, token: "secret" }).services())).toMatchObject({ kind: "unreachable" });
  });

  test("to answer in time is told, and a signal ends a call with its own reason", async () => {
    await using silent = await server(() => undefined);
    const slow = connect({ url: silent.url, timeoutMs: 50 });
    const late = await failure(slow.services());
    expect([late.kind, late.message]).toEqual(["unreachable", expect.stringContaining("no answer within 0.05 s")]);
    const stop = new AbortController();
    const asked = connect({ url: silent.url }).ended("web-1", { signal: stop.signal });
    stop.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
  });
});

describe("following", () => {
  test("tells each event once and in order, also across connections that are cut", async () => {
    await using line = await cuttable(api.port);
    const gaps: unknown[] = [];
    const stop = new AbortController();
    const seen: number[] = [];
    const follower = connect({ url: line.url, token: api.token });
    const reading = (async () => {
      const events = follower.follow({ service: "web", signal: stop.signal, onGap: (error) => gaps.push(error) });
      for await (const event of events) seen.push(event.seq);
    })();
    await expect.poll(() => seen).toEqual([1]);
    line.cut();
    control.happen({ text: "while nobody listened" });
    control.happen({ text: "and again" });
    await expect.poll(() => seen).toEqual([1, 2, 3]);
    expect(gaps.length).toBeGreaterThan(0);
    stop.abort();
    await reading;
  });

  test("begins after an event, and ends its connection where the reader stops", async () => {
    for (const text of ["two", "three"]) control.happen({ text });
    for await (const event of sluice.follow({ after: 2 })) {
      expect(event.seq).toBe(3);
      break;
    }
  });

  test("rejects where trying again cannot help", async () => {
    const events = connect({ url: api.url, token: "wrong" }).follow();
    await expect(events.next()).rejects.toMatchObject({ code: "unauthenticated" });
  });
});

describe("waiting for the end", () => {
  const options = { everyMs: 10 };

  test("resolves with the rollout as it ended, and tells every line of its journal once", async () => {
    const lines: EventView[] = [];
    const waiting = sluice.ended("web-1", { ...options, onEvent: (event) => lines.push(event) });
    await expect.poll(() => lines.length).toBe(1);
    control.move(rolloutView({ step: 1, reason: "watching 50 % to green" }));
    control.move(ended("reverted", "errors failed: 3 % > 1 %"));
    expect(await waiting).toMatchObject({ phase: "reverted", reason: "errors failed: 3 % > 1 %" });
    expect(lines.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  test("resolves where a rollout has failed and needs a person", async () => {
    control.move(rolloutView({ phase: "failed", reason: "cannot go back" }));
    expect((await sluice.ended("web-1", options)).phase).toBe("failed");
  });

  test("outlasts a controller that is away for a moment, and no longer than it was told to", async () => {
    await using line = await cuttable(api.port);
    const far = connect({ url: line.url, token: api.token });
    const waiting = far.ended("web-1", options);
    line.refuse(true);
    line.cut();
    control.move(ended("promoted", "every step passed"));
    line.refuse(false);
    expect((await waiting).phase).toBe("promoted");
    line.refuse(true);
    line.cut();
    expect(await failure(far.ended("web-1", { ...options, awayMs: 50 }))).toMatchObject({ passing: true });
  });
});

test("at run time the client needs nothing but itself: no package, and no module of Node", () => {
  const folder = join(root, "src/client");
  const files = readdirSync(folder);
  expect(files).toContain("client.ts");
  for (const file of files) {
    const text = readFileSync(join(folder, file), "utf8");
    const named = [...text.matchAll(/^(?:import|export) (?!type )[^;]*?from "(?<from>[^"]+)";$/gms)];
    const outside = named.map((match) => match.groups?.from ?? "").filter((from) => !from.startsWith("./"));
    expect(outside, file).toEqual([]);
  }
});

async function server(answer: RequestListener): Promise<AsyncDisposable & { readonly url: string }> {
  const http = createServer(answer);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const stop = async () => {
    http.closeAllConnections();
    http.close();
  };
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, [Symbol.asyncDispose]: stop };
}

/** A line to a port that can be cut, and be closed to new connections. The Host header stays as it is: it has to be the API's. */
async function cuttable(port: number) {
  const open = new Set<{ destroy(): void }>();
  let refusing = false;
  const proxy = createProxy((near) => {
    if (refusing) return void near.destroy();
    const far = dial(port, "127.0.0.1");
    for (const end of [near, far]) {
      open.add(end);
      end.on("error", () => undefined);
      end.on("close", () => {
        near.destroy();
        far.destroy();
      });
    }
    near.on("data", (chunk) => far.write(String(chunk).replace(/^host: .*$/im, `host: 127.0.0.1:${port}`)));
    far.pipe(near);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const end of open) end.destroy();
    open.clear();
  };
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    cut,
    refuse: (is: boolean) => {
      refusing = is;
    },
    [Symbol.asyncDispose]: async () => {
      proxy.close();
      cut();
    },
  };
}
