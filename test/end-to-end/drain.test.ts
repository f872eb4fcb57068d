import { expect, it } from "vitest";
import { startSluice } from "../support/cli.ts";
import { type Answer, ask, count } from "../support/client.ts";
import type { MemberServer } from "../support/members.ts";
import { until } from "../support/nginx.ts";
import { Stack } from "./stack.ts";

/** A request through `url` that the member holds until `answer` is called. */
async function held(url: string, member: MemberServer): Promise<{ readonly ended: Promise<Answer>; answer(): void }> {
  let answer = () => {};
  member.setGate(
    new Promise((resolve) => {
      answer = resolve;
    }),
  );
  member.reset();
  for (let tries = 0; tries < 20; tries += 1) {
    const ended = ask(url);
    const first = await Promise.race([ended, until("the member has it", () => member.count > 0).then(() => null)]);
    if (first === null) return { ended, answer };
  }
  throw new Error(`${member.name} gets nothing`);
}

it("a drain waits for the request in flight, also where the controller is killed meanwhile, and cuts nothing", {
  timeout: 60_000,
}, async () => {
  await using stack = await Stack.start({ routing: "weighted" });
  await stack.serve();
  await stack.applied();
  const [first] = stack.blue;
  if (first === undefined) throw new Error("blue has members");
  const slow = await held(stack.url, first);
  const impatient = await stack.cli("members", "web", "blue", "drain", first.address, "--wait", "--timeout", "4s");
  expect(impatient.code, impatient.err).toBe(4);
  expect(impatient.err).toContain(`--timeout is over: 1 in flight to ${first.address}; nginx gives it nothing new`);
  expect(impatient.out).toMatch(/draining +\S+ ready +1/);

  const patient = startSluice(["members", "web", "blue", "drain", first.address, "--wait", "--config", stack.config]);
  await until("it says what it waits for", () => patient.stderr().includes(`1 in flight to ${first.address}`), 10_000);
  await stack.killController();
  await until("it waits for the controller", () => patient.stderr().includes("waiting for the controller"), 10_000);
  await stack.serve();
  expect((await stack.service()).pools.blue?.members[0]?.state).toBe("draining");
  await expect.poll(async () => (await stack.service()).pools.blue?.members[0]?.inFlight, { timeout: 10_000 }).toBe(1);
  slow.answer();
  expect(await slow.ended).toMatchObject({ status: 200, body: first.name });
  const { code, stderr } = await patient.ended;
  expect(code, stderr).toBe(0);
  expect(stderr).toContain(`nothing is in flight to ${first.address}`);
  first.reset();
  await count(stack.url, 20);
  expect(first.count).toBe(0);

  const back = await stack.cli("members", "web", "blue", "ready", first.address, "--wait");
  expect(back.code, back.err).toBe(0);
  await count(stack.url, 20);
  expect(first.count).toBeGreaterThan(0);
});

it("without a controller the command itself waits, and another list of members holds until it is given back", {
  timeout: 60_000,
}, async () => {
  await using stack = await Stack.start({ routing: "live" });
  const [first, second] = stack.blue;
  if (first === undefined || second === undefined) throw new Error("blue has two members");
  const slow = await held(stack.url, first);
  const drain = startSluice(["members", "web", "blue", "drain", first.address, "--wait", "--config", stack.config]);
  await until("it says what it waits for", () => drain.stderr().includes("1 in flight to "));
  slow.answer();
  expect(await drain.ended, drain.stderr()).toMatchObject({ code: 0 });
  expect(drain.stderr()).toContain(`nothing is in flight to ${first.address}`);
  expect(await slow.ended).toMatchObject({ status: 200, body: first.name });

  expect((await stack.cli("members", "web", "blue", "set", second.address, "--wait")).out).toMatch(/^blue +api /m);
  const reset = await stack.cli("members", "web", "blue", "reset", "--wait");
  expect(reset.code, reset.err).toBe(0);
  expect(reset.out).toMatch(/^blue +config /m);
});

it("what is in flight is summed over every nginx, and unknown while one of them is away", { timeout: 60_000 }, async () => {
  await using stack = await Stack.start({ edges: 2 });
  await stack.serve();
  await stack.applied();
  const [first] = stack.blue;
  if (first === undefined || stack.second === null) throw new Error("there are two of each");
  const inFlight = async () => (await stack.service()).pools.blue?.members[0]?.inFlight;
  const one = await held(stack.url, first);
  const other = await held(stack.second.url, first);
  await stack.api("POST", `/v1/services/web/pools/blue/members/${first.address}/drain`, {});
  await expect.poll(inFlight, { timeout: 15_000 }).toBe(2);
  one.answer();
  await expect.poll(inFlight, { timeout: 15_000 }).toBe(1);
  await stack.second.nginx.kill();
  await expect.poll(inFlight, { timeout: 15_000 }).toBe(null);
  other.answer();
  await other.ended.catch(() => undefined);
});
