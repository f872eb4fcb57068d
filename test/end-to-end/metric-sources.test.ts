// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration.
import { readdirSync, readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAnswers } from "../support/answers.ts";
import { until } from "../support/nginx.ts";
import { json, vector } from "../support/numbers.ts";
import { Stack } from "./stack.ts";

const SECRETS = { TOKEN: "hunter2-is-my-token", KEY: "a-key-that-nobody-sees", PLACE: "the-query-of-the-address" } as const;
type Name = keyof typeof SECRETS;
const variable = (name: Name) => `SLUICE_TEST_${name}`;

beforeAll(() => {
  for (const name of Object.keys(SECRETS) as Name[]) process.env[variable(name)] = SECRETS[name];
});
afterAll(() => {
  for (const name of Object.keys(SECRETS) as Name[]) delete process.env[variable(name)];
});

/** What a server that computes numbers answers now. */
type Numbers = "good" | "bad" | "none" | "broken" | "echo";

/** A server of numbers behind `url`, and a service that judges by all three kinds of them. */
async function start() {
  let numbers: Numbers = "good";
  const versions = new Set<string>();
  const answer: RequestListener = (request, response) => {
    const url = new URL(request.url ?? "", "http://x");
    versions.add(/v="([^"]*)"/.exec(url.searchParams.get("query") ?? "")?.[1] ?? "");
    const say = (value: unknown, status = 200) => json(value, status)(request, response as never);
    if (numbers === "echo") return say({ status: "error", error: `${request.url} ${JSON.stringify(request.headers)}` }, 500);
    if (numbers === "broken") return void response.socket?.destroy();
    if (url.pathname === "/orders") return say({ data: [{ done: numbers === "none" ? null : 0.99 }] });
    say(numbers === "none" ? vector() : vector(numbers === "bad" ? "0.5" : "0.001"));
  };
  const server = await startAnswers(answer);
  const secret = (name: Name) => `"\${${variable(name)}}"`;
  const stack = await Stack.start({
    // These go on with the metrics that every stack has.
    service: `      failures:
        source: prometheus
        url: http://${server.address}
        query: 'sum(rate(errors{v="{{version}}",pool="{{pool}}"}[{{window}}]))'
        auth: { bearer: ${secret("TOKEN")} }
        window: 600ms
        interval: 200ms
        unit: ratio
      orders:
        source: http
        url: "http://${server.address}/orders?key=\${${variable("PLACE")}}"
        headers: { X-Api-Key: ${secret("KEY")} }
        pick: "data[0].done"
        window: 600ms
        interval: 200ms
        unit: ratio
      load: { source: command, command: [sh, -c, "echo $K >&2; echo 0.5"], env: { K: ${secret("KEY")} }, window: 600ms, interval: 300ms }
    canary:
      steps: [{ share: 20%, for: 1s }, { share: 50%, for: 1s }]
      checks: [{ metric: failures, below: 2% }, { metric: orders, above: 90% }, { metric: load, below: 3 }]
      hold: { atMost: 1m, then: wait }`,
  });
  await stack.serve();
  return {
    stack,
    versions,
    say: (next: Numbers) => {
      numbers = next;
    },
    async [Symbol.asyncDispose]() {
      await stack[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Every text of a file or folder. */
function textsBelow(path: string): string {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("\n");
}

describe("a canary that is judged by numbers of others", () => {
  it("goes to the end, and asks for its own version", { timeout: 60_000 }, async () => {
    await using world = await start();
    await world.stack.cli("start", "web", "--strategy", "canary", "--version", "v42", "--detach");
    const rollout = await world.stack.reaches("promoted", null, 25_000);
    expect([...world.versions]).toContain("v42");
    expect(rollout.checks).toMatchObject([
      { name: "failures", is: "pass", value: 0.001, samples: null },
      { name: "orders", is: "pass", value: 0.99, samples: null },
      { name: "load", is: "pass", value: 0.5, samples: null },
    ]);
  });

  it("goes back where one of them is bad", { timeout: 60_000 }, async () => {
    await using world = await start();
    world.say("bad");
    await world.stack.cli("start", "web", "--strategy", "canary", "--version", "v1", "--detach");
    const rollout = await world.stack.reaches("reverted");
    expect(rollout.reason).toContain("failures: 50 % in 0.6 s, limit < 2 %");
  });

  it("holds while they are away or say nothing, and then goes on", { timeout: 60_000 }, async () => {
    await using world = await start();
    world.say("none");
    await world.stack.cli("start", "web", "--strategy", "canary", "--version", "v1", "--detach");
    const waiting = await world.stack.reaches("waiting", 0);
    expect(waiting.checks.slice(0, 2)).toMatchObject([
      { is: "inconclusive", text: "the query has no result, limit < 2 %" },
      { is: "inconclusive", text: expect.stringContaining("is null: there is no number yet") },
    ]);
    world.say("broken");
    await until("the check is an error", async () => (await world.stack.rollout()).checks[0]?.is === "error", 5_000);
    const held = await world.stack.rollout();
    expect([held.phase, held.step]).toEqual(["waiting", 0]);
    expect(held.checks[0]?.text).toContain("closed the connection before its answer was complete");
    world.say("good");
    await world.stack.reaches("promoted", null, 25_000);
  });

  it("tells nobody what it was told in confidence", { timeout: 60_000 }, async () => {
    await using world = await start();
    const { stack } = world;
    world.say("echo");
    await stack.cli("start", "web", "--strategy", "canary", "--version", "v1", "--detach");
    await stack.reaches("waiting", 0);
    await until("the check is an error", async () => (await stack.rollout()).checks[0]?.is === "error", 5_000);
    const events = JSON.stringify((await stack.api("GET", "/v1/rollouts/web-1/events")).body);
    expect(events).toContain("Bearer ***");
    const said = {
      events,
      service: JSON.stringify(await stack.service()),
      check: JSON.stringify(await stack.cli("check", "-o", "json")),
      render: JSON.stringify(await stack.cli("render")),
      status: JSON.stringify(await stack.cli("status", "web", "-o", "json")),
      explained: JSON.stringify(await stack.cli("events", "-o", "json")),
    };
    // While it runs, files come and go under whoever reads them.
    await stack.stopController();
    const told = {
      ...said,
      log: stack.log,
      state: textsBelow(join(stack.nginx.prefix, "state")),
      files: textsBelow(join(stack.nginx.prefix)),
    };
    for (const [where, text] of Object.entries(told)) {
      expect(text.length, where).toBeGreaterThan(10);
      for (const secret of Object.values(SECRETS)) expect(text.includes(secret), `${secret} is in ${where}`).toBe(false);
    }
  });
});
