import { Agent, request } from "undici";
import { afterEach, expect, test } from "vitest";
import { ApiUnderTest } from "./api-under-test.ts";

let agents: Agent[] = [];
afterEach(async () => {
  for (const agent of agents) await agent.destroy();
  agents = [];
});

function agent(): Agent {
  const one = new Agent();
  agents.push(one);
  return one;
}

async function abort(api: ApiUnderTest): Promise<number> {
  const headers = { authorization: `Bearer ${api.tokens.admin}`, "content-type": "application/json" };
  const path = `${api.url}/v1/services/web/rollout/abort`;
  const answer = await request(path, { method: "POST", headers, body: "{}", dispatcher: agent() });
  await answer.body.dump();
  return answer.statusCode;
}

test("at the end, what is under way is answered, and nobody new is let in", async () => {
  const api = await ApiUnderTest.start();
  const gate = Promise.withResolvers<void>();
  api.control.gate = gate.promise;
  const asked = abort(api);
  await expect.poll(() => api.control.calls.length).toBe(1);
  const stopped = api[Symbol.asyncDispose]();
  await expect
    .poll(() =>
      request(`${api.url}/healthz`).then(
        () => "answered",
        (error) => error.code,
      ),
    )
    .toBe("ECONNREFUSED");
  const before = performance.now();
  gate.resolve();
  expect(await asked).toBe(202);
  await stopped;
  // The client keeps its connection: the limit for what does not end is not waited for.
  expect(performance.now() - before).toBeLessThan(2_000);
});

test("connections that are only kept alive hold up nothing", async () => {
  const api = await ApiUnderTest.start();
  const dispatcher = agent();
  await (await request(`${api.url}/healthz`, { dispatcher })).body.dump();
  const before = performance.now();
  await api[Symbol.asyncDispose]();
  expect(performance.now() - before).toBeLessThan(2_000);
});

test("readers of events get an end, not a connection that breaks off", async () => {
  const api = await ApiUnderTest.start();
  api.control.happen("one");
  const headers = { authorization: `Bearer ${api.tokens.read}`, accept: "text/event-stream" };
  const { body } = await request(`${api.url}/v1/events`, { headers, dispatcher: agent() });
  await expect.poll(() => api.control.followers).toBe(1);
  const read = body.text();
  const before = performance.now();
  await api[Symbol.asyncDispose]();
  expect(await read).toContain("id: 1\n");
  expect(performance.now() - before).toBeLessThan(2_000);
});

test("what does not end is cut off after a while", async () => {
  const api = await ApiUnderTest.start({ limits: { stopMs: 200 } });
  api.control.gate = new Promise(() => undefined);
  const asked = abort(api).catch((error: Error) => error.name);
  await expect.poll(() => api.control.calls.length).toBe(1);
  await api[Symbol.asyncDispose]();
  expect(await asked).toBe("SocketError");
});
