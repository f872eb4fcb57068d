import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Route } from "../../src/core/route.ts";
import { asWritten, connectionsTo, openSockets } from "../../src/nginx/sockets.ts";
import { ask, count, steady } from "../support/client.ts";
import { type Driven, type DrivenOptions, drive } from "../support/driven.ts";
import { type MemberServer, startMember } from "../support/members.ts";
import { until } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";
import { routeOf } from "../support/routes.ts";

const disposals: AsyncDisposableStack[] = [];
afterEach(async () => {
  for (const one of disposals.splice(0).reverse()) await one.disposeAsync();
});

type Scene = {
  readonly driven: Driven;
  readonly one: MemberServer;
  readonly two: MemberServer;
  readonly ready: Route;
  readonly drained: Route;
};

/** Two workers in front of a pool of two members that keeps idle connections; `drained` has the first one out. */
async function scene(options: Partial<DrivenOptions> & { readonly host?: string } = {}): Promise<Scene> {
  const all = new AsyncDisposableStack();
  disposals.push(all);
  const { host = "127.0.0.1" } = options;
  const one = all.use(await startMember({ name: "one", host }));
  const two = all.use(await startMember({ name: "two", host }));
  const more = { shape: { routing: "weighted" as const, tries: { maxFails: 0, failTimeoutMs: 10_000, keepalive: 8 } } };
  const ready = routeOf({ blue: [one.address, two.address] }, more);
  const drained = routeOf({ blue: { [one.address]: "draining", [two.address]: "ready" } }, { ...more, version: 2 });
  const upgrade = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection;";
  const server = `proxy_http_version 1.1; ${upgrade} location / { proxy_pass http://web; }`;
  const driven = all.use(await drive({ routes: [ready], server, workers: 2, ...options }));
  driven.want([ready]);
  await driven.applied([ready]);
  return { driven, one, two, ready, drained };
}

/** A request that the first member holds until it is told to `answer`. */
async function slowRequest({ driven, one, two }: Scene) {
  let free = () => {};
  const freed = new Promise<void>((resolve) => {
    free = resolve;
  });
  one.setGate(freed);
  one.reset();
  for (let tries = 0; tries < 10; tries += 1) {
    two.reset();
    const ended = ask(driven.url);
    await until("a member has it", () => one.count + two.count > 0);
    if (one.count > 0) return { ended, answer: free };
    await ended;
  }
  throw new Error("the first member gets nothing");
}

describe("requests in flight to a member that is taken out", () => {
  test("are finished, and 0 is only said when they are, whatever idle or foreign connections there are", async () => {
    const stage = await scene();
    const { driven, one, drained } = stage;
    await using load = steady(driven.url, { connections: 6 });
    await load.more(100);
    await load.stop();
    const idle = await connectionsTo(driven.nginx.pid, asWritten([one.address]));
    expect(idle?.get(one.address)?.length).toBeGreaterThan(0);
    // What others have open to the member is no request of nginx's.
    const foreign = connect(one.port, "127.0.0.1");
    await new Promise((resolve) => foreign.once("connect", resolve));
    const slow = await slowRequest(stage);
    const from = driven.reports.length;
    driven.want([drained]);
    await driven.applied([drained]);
    await driven.reported("one is in flight", (report) => report.inFlight[one.address] === 1);
    // Who starts anew finds it at a worker that is shutting down.
    await driven.close();
    const again = driven.reports.length;
    await driven.open();
    driven.want([drained]);
    await driven.reported("it still is", (report) => driven.reports.length > again && report.inFlight[one.address] === 1);
    expect(driven.reports.slice(from).map((report) => report.inFlight[one.address])).not.toContain(0);
    slow.answer();
    expect(await slow.ended).toMatchObject({ status: 200, version: "one" });
    await driven.reported("nothing is in flight", (report) => report.inFlight[one.address] === 0);
    one.reset();
    expect(await count(driven.url, 20)).toEqual({ two: 20 });
    expect(one.count).toBe(0);
    foreign.destroy();
  });

  test("count as long as an upgraded connection lives", async () => {
    const stage = await scene();
    const { driven, ready } = stage;
    const port = await freePort();
    const sockets: Socket[] = [];
    const member: Server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      socket.once("data", () => socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: test\r\nConnection: upgrade\r\n\r\n"));
    }).listen(port, "127.0.0.1");
    disposals.at(-1)?.defer(() => new Promise((resolve) => member.close(() => resolve())));
    const address = `127.0.0.1:${port}`;
    const alone = { ...ready, version: 2, endpoints: { blue: { [address]: "ready" as const } } };
    driven.want([alone]);
    await driven.applied([alone]);
    const clients = [0, 1].map(() => connect(Number(new URL(driven.url).port), "127.0.0.1"));
    for (const client of clients) {
      client.write("GET / HTTP/1.1\r\nHost: test\r\nUpgrade: test\r\nConnection: upgrade\r\n\r\n");
      await new Promise((resolve) => client.once("data", resolve));
    }
    const two = Object.keys(ready.endpoints.blue ?? {})[1] ?? "";
    const out = { ...ready, version: 3, endpoints: { blue: { [address]: "draining" as const, [two]: "ready" as const } } };
    driven.want([out]);
    await driven.applied([out]);
    await driven.reported("both are in flight", (report) => report.inFlight[address] === 2);
    clients[0]?.destroy();
    await driven.reported("one is in flight", (report) => report.inFlight[address] === 1);
    clients[1]?.destroy();
    await driven.reported("none is in flight", (report) => report.inFlight[address] === 0);
  });

  test("are none only once nginx is proved to have it out, also where it was idle before", async () => {
    const { driven, one, drained, ready } = await scene();
    await driven.reported("it is idle", (report) => report.inFlight[one.address] === 0);
    const seen: (number | undefined)[] = [];
    for (const [version, route] of [drained, ready, drained].entries()) {
      const next = { ...route, version: version + 2 };
      const from = driven.reports.length;
      driven.want([next]);
      await driven.applied([next]);
      if (route === drained) await driven.reported("it is out", (report) => report.inFlight[one.address] === 0);
      const before = driven.reports.slice(from).filter((report) => report.services.web?.version !== next.version);
      if (route === drained) seen.push(...before.map((report) => report.inFlight[one.address]));
    }
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).not.toContain(0);
  });

  test("are counted over IPv6", async () => {
    const stage = await scene({ host: "::1" });
    const slow = await slowRequest(stage);
    stage.driven.want([stage.drained]);
    await stage.driven.reported("one is in flight", (report) => report.inFlight[stage.one.address] === 1);
    slow.answer();
    expect((await slow.ended).status).toBe(200);
    await stage.driven.reported("none is", (report) => report.inFlight[stage.one.address] === 0);
  });

  test("are told for no endpoint where nginx's processes cannot be seen", async () => {
    const { driven, drained } = await scene();
    await driven.close();
    const reload = ["kill", "-HUP", String(driven.nginx.pid)];
    await driven.open({ drive: { by: "command", test: null, reload, pid: null } });
    driven.want([drained]);
    expect((await driven.applied([drained])).inFlight).toEqual({});
  });
});

describe("the kernel's table of connections", () => {
  test("has IPv4, IPv6, and IPv4 by an IPv6 socket, and whose they are", async () => {
    const servers = await Promise.all(["127.0.0.1", "::1"].map((host) => listening(host)));
    const [four = 0, six = 0] = servers.map((server) => (server.address() as { port: number }).port);
    const clients = await Promise.all([connected("127.0.0.1", four), connected("::ffff:127.0.0.1", four), connected("::1", six)]);
    const endpoints = [`127.0.0.1:${four}`, `[::1]:${six}`, `127.0.0.1:${six}`];
    const found = await connectionsTo(process.pid, asWritten(endpoints));
    expect([...(found ?? [])].map(([endpoint, inodes]) => [endpoint, inodes.length])).toEqual([
      [endpoints[0], 2],
      [endpoints[1], 1],
      [endpoints[2], 0],
    ]);
    const inodes = new Set([...(found?.values() ?? [])].flat());
    expect((await openSockets(process.pid, inodes))?.length).toBe(3);
    expect(await openSockets(process.ppid, inodes)).toEqual([]);
    for (const client of clients) client.destroy();
    for (const server of servers) server.close();
  });
});

function listening(host: string): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.on("error", () => {}));
    server.listen(0, host, () => resolve(server));
  });
}

function connected(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => resolve(socket));
    socket.once("error", reject);
  });
}
