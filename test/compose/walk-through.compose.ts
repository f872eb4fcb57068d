import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksOf, readPages } from "../docs/pages.ts";
import { Clients, percent, summary } from "./clients.ts";
import { docker } from "./engine.ts";
import { type Shown, Stack, served } from "./stack.ts";

/** The walk-through of docs/docker.md: every block of commands, by the heading that it stands below. */
const page = readPages().find(({ path }) => path === "docs/docker.md") ?? { path: "", folder: "", text: "" };
const blocks = sections(page.text.split("\n## The walk-through\n")[1]?.split("\n## ")[0] ?? "");
const used = new Set<string>();

function sections(text: string): ReadonlyMap<string, readonly string[]> {
  const parts = text.split("\n### ").slice(1);
  return new Map(
    parts.map((part) => {
      const [title = "", ...lines] = part.split("\n");
      const sh = blocksOf({ path: page.path, folder: "", text: lines.join("\n") }).filter(({ info }) => info === "sh");
      return [title, sh.map((block) => block.text)] as const;
    }),
  );
}

/** The commands of a section, as a reader would copy them. */
function lines(title: string, at = 0): string {
  const found = blocks.get(title)?.[at];
  if (found === undefined) throw new Error(`docs/docker.md has no block ${at + 1} of commands below "${title}"`);
  used.add(`${title} ${at}`);
  return found;
}

const ROLLING = "One pool, member by member, with a deploy hook";

let stack: Stack;
let clients: Clients;

beforeAll(async () => {
  stack = await Stack.make();
});

afterAll(async () => {
  await clients?.[Symbol.asyncDispose]();
  await stack?.[Symbol.asyncDispose]();
});

const rolling = (orders: Shown, member: string) => orders.rollout?.rolling?.members.find(({ address }) => address === member);

/** Requests in flight to a member, in each look while it drains, and in the first one after that. */
async function lastAnswersOf(member: string): Promise<{ readonly draining: readonly number[]; readonly deploying: number }> {
  const draining: number[] = [];
  const inFlight = ({ pools }: Shown) => pools.main?.members.find(({ address }) => address === member)?.inFlight ?? null;
  const after = await stack.until(
    `${member} has drained`,
    (orders) => {
      const state = rolling(orders, member)?.state;
      if (state === "draining") draining.push(inFlight(orders) ?? 0);
      return draining.length > 0 && state !== "draining";
    },
    30_000,
    "orders",
  );
  return { draining, deploying: inFlight(after) ?? Number.NaN };
}

describe("the walk-through of docs/docker.md", () => {
  test("start: all is healthy, three endpoints a pool, all the traffic on blue", async () => {
    const text = await stack.good(lines("Start"), 400_000);
    for (const service of ["nginx", "sluice", "blue", "green"])
      expect(text).toMatch(new RegExp(`[-_]${service}[-_]1 .*\\(healthy\\)`));
    expect(text).toMatch(/in nginx +blue 100%/);
    clients = new Clients(stack.url);
    const web = await stack.until("six endpoints are ready", ({ pools }) => ready(pools.blue) === 3 && ready(pools.green) === 3);
    expect(served(web)).toEqual({ blue: 100 });
    expect(summary(await clients.during(1_000))).toEqual({ versions: ["v1"], failed: 0, lost: 0 });
  });

  test("only loopback is published, and no container has the engine's socket or a user who may do everything", async () => {
    const containers = await stack.containers();
    const all = JSON.parse(await docker("inspect", ...containers)) as readonly Inspected[];
    const bindings = all.flatMap(({ HostConfig }) => Object.values(HostConfig.PortBindings ?? {}).flat());
    expect(bindings.map(({ HostIp }) => HostIp)).toEqual(["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
    for (const { Name, Config, HostConfig, Mounts } of all) {
      expect(
        Mounts.filter(({ Source }) => Source.includes("docker.sock")),
        Name,
      ).toEqual([]);
      expect(Config.User, Name).toMatch(/^10001(:10001)?$/);
      expect(HostConfig.ReadonlyRootfs, Name).toBe(true);
      expect(HostConfig.Privileged, Name).toBe(false);
    }
  });

  test("watch: the page, the clients and the events tell what they see", async () => {
    const token = (await stack.good(lines("Watch", 0))).trim();
    const api = `http://127.0.0.1:${stack.ports.api}`;
    expect((await fetch(`${api}/v1/services`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    expect((await fetch(`${api}/v1/services`)).status).toBe(401);
    const page = await (await fetch(api)).text();
    expect(page).toContain("<title>Sluice</title>");
    expect((await fetch(api + (/src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1] ?? "/none"))).status).toBe(200);
    const load = await stack.follow(lines("Watch", 1), 5_000);
    expect(load).toMatch(/v1 100\.0 %.*0 failed {2}0 lost/);
    const events = await stack.follow(lines("Watch", 2), 5_000);
    expect(events).toContain("is ready");
  });

  test("a canary goes to the end, and nobody loses a request", async () => {
    clients.take();
    await stack.good(lines("A canary, to the end"));
    const tally = clients.take();
    expect(summary(tally)).toEqual({ versions: ["v1", "v2"], failed: 0, lost: 0 });
    expect((await stack.web()).stable).toBe("green");
    expect(summary(await clients.during(1_000))).toEqual({ versions: ["v2"], failed: 0, lost: 0 });
  });

  test("and back in one command", async () => {
    clients.take();
    await stack.good(lines("A canary, to the end", 1));
    expect(summary(clients.take())).toEqual({ versions: ["v1", "v2"], failed: 0, lost: 0 });
    expect(summary(await clients.during(1_000))).toEqual({ versions: ["v1"], failed: 0, lost: 0 });
  });

  test("a bad version goes back by itself", async () => {
    clients.take();
    const text = await stack.good(lines("A bad version goes back by itself"));
    await stack.until("it went back", ({ rollout }) => rollout?.phase === "reverted");
    expect(text).toMatch(/now fails 30 % of its requests\n.*now fails 30 %[^\n]*\n.*now fails 30 %/);
    const { failed, lost } = summary(clients.take());
    expect(failed).toBeGreaterThan(0);
    expect(lost).toBe(0);
    expect(summary(await clients.during(1_000))).toEqual({ versions: ["v1"], failed: 0, lost: 0 });
    const after = await stack.good(lines("A bad version goes back by itself", 1));
    expect(after).toMatch(/errors: .*% of \d+ requests/);
    expect(after).toContain("is well again");
  });

  test("blue/green, there and back", async () => {
    clients.take();
    const text = await stack.good(lines("Blue/green"));
    expect(text.match(/promoted/g)?.length).toBeGreaterThanOrEqual(2);
    expect(summary(clients.take())).toEqual({ versions: ["v1", "v2"], failed: 0, lost: 0 });
    expect((await stack.web()).stable).toBe("blue");
  });

  test("by HTTP: advance and abort", async () => {
    clients.take();
    const names = lines("By HTTP").split("\n").slice(0, 2).join("\n");
    await stack.good(lines("By HTTP"));
    await stack.until("20 % is served", (web) => served(web)?.green === 20);
    await stack.good(`${names}\n${lines("By HTTP", 1)}`);
    await stack.until("60 % is served", (web) => served(web)?.green === 60);
    const most = await clients.during(4_000);
    expect(summary(most)).toEqual({ versions: ["v1", "v2"], failed: 0, lost: 0 });
    // 640 requests: 60 % with a standard error of 2 points.
    expect(Math.abs(percent(most, "v2") - 60)).toBeLessThan(9);
    await stack.good(`${names}\n${lines("By HTTP", 2)}`);
    await stack.until("it went back", ({ rollout }) => rollout?.phase === "reverted");
    expect(summary(await clients.during(1_000))).toEqual({ versions: ["v1"], failed: 0, lost: 0 });
  });

  test("one pool is rolled by a deploy hook, a member at a time, and nobody loses a request", async () => {
    await using buyers = new Clients(`${stack.url}orders`);
    await stack.until("three members are ready", ({ pools }) => ready(pools.main) === 3, 30_000, "orders");
    expect(summary(await buyers.during(1_000))).toEqual({ versions: ["v1"], failed: 0, lost: 0 });
    const seen = await stack.shell(lines(ROLLING), 3_000);
    expect(seen.text).toMatch(/^hello from v1 on /);

    const made = await stack.containers();
    const rolled = stack.good(lines(ROLLING, 1));
    const first = await lastAnswersOf("orders-a:8080");
    expect(Math.max(...first.draining)).toBeGreaterThan(0);
    expect(first.deploying).toBe(0);
    expect(await rolled).toContain("promoted");
    expect(summary(buyers.take())).toEqual({ versions: ["v1", "v2"], failed: 0, lost: 0 });
    expect(summary(await buyers.during(1_000))).toEqual({ versions: ["v2"], failed: 0, lost: 0 });
    expect(await stack.containers()).toEqual(expect.arrayContaining([...made]));
    const why = await stack.good(lines(ROLLING, 2));
    for (const member of ["orders-a", "orders-b", "orders-c"])
      expect(why).toMatch(new RegExp(`deploy for ${member}:8080 .*succeeded`));
  });

  test("and back in the middle, by the rollback hook", async () => {
    await using buyers = new Clients(`${stack.url}orders`);
    await stack.good(lines(ROLLING, 3));
    await stack.until("orders-a has it", (orders) => rolling(orders, "orders-a:8080")?.state === "monitoring", 30_000, "orders");
    expect(await stack.good(lines(ROLLING, 4))).toContain("reverted");
    expect(summary(buyers.take())).toEqual({ versions: ["v2", "v3"], failed: 0, lost: 0 });
    expect(summary(await buyers.during(1_000))).toEqual({ versions: ["v2"], failed: 0, lost: 0 });
  });

  test("green's containers are replaced while blue serves, and get the traffic then", async () => {
    const before = new Set(await stack.containers("green"));
    clients.take();
    await stack.good(lines("A new version of green, while blue serves"));
    const replaced = (await stack.containers("green")).filter((id) => !before.has(id));
    expect(replaced).toHaveLength(3);
    expect(summary(clients.take())).toEqual({ versions: ["v1", "v3"], failed: 0, lost: 0 });
    expect((await stack.web()).stable).toBe("green");
  });

  test("the controller stops in the middle, and goes on when it is back", async () => {
    clients.take();
    await stack.good(lines("The controller stops in the middle"));
    expect(summary(await clients.during(1_000))).toMatchObject({ failed: 0, lost: 0 });
    await stack.good(lines("The controller stops in the middle", 1));
    expect(summary(clients.take())).toEqual({ versions: ["v1", "v3"], failed: 0, lost: 0 });
    expect((await stack.web()).stable).toBe("blue");
  });

  test("nginx restarts in the middle, and the rollout goes on", async () => {
    clients.take();
    await stack.good(lines("nginx restarts in the middle"));
    const tally = clients.take();
    expect(summary(tally)).toMatchObject({ versions: ["v1", "v3"], failed: 0 });
    // Nobody listens for a moment: 160 requests a second, and every one of three seconds.
    expect(tally.lost).toBeLessThan(480);
    expect((await stack.web()).stable).toBe("green");
    expect(summary(await clients.during(1_000))).toEqual({ versions: ["v3"], failed: 0, lost: 0 });
  });

  test("and everything is removed", async () => {
    await clients[Symbol.asyncDispose]();
    expect(await stack.left()).not.toEqual([]);
    await stack.good(lines("Remove everything"));
    expect(await stack.left()).toEqual([]);
  });

  test("has no command that was not run", () => {
    const shown = [...blocks].flatMap(([title, texts]) => texts.map((_text, at) => `${title} ${at}`));
    expect(shown.filter((one) => !used.has(one))).toEqual([]);
  });
});

type Inspected = {
  readonly Name: string;
  readonly Config: { readonly User: string };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly Privileged: boolean;
    readonly PortBindings: Readonly<Record<string, readonly { readonly HostIp: string }[]>> | null;
  };
  readonly Mounts: readonly { readonly Source: string }[];
};

function ready(
  pool: { readonly members: readonly { readonly endpoints: readonly { readonly health: string }[] }[] } | undefined,
) {
  return pool?.members.flatMap(({ endpoints }) => endpoints).filter(({ health }) => health === "ready").length;
}
