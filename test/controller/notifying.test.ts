import { expect, test } from "vitest";
import type { Notice, Notifier } from "../../src/core/notify.ts";
import { OCCASIONS, occasionOf } from "../../src/core/notify.ts";
import type { Notify } from "../../src/core/ports.ts";
import { ANN, House, START } from "./house.ts";

type Told = { readonly to: string; readonly notice: Notice };

function receiver(name: string, more: Partial<Notifier> = {}): Notifier {
  const address = { from: "text", text: "http://127.0.0.1:1/" } as const;
  const call = { to: "webhook", url: address, headers: {}, secret: null, ca: null, timeoutMs: 1_000 } as const;
  return { name, on: OCCASIONS, services: null, deadlineMs: 5_000, ...call, ...more } as Notifier;
}

/** People who take what they are told at once, but for those that never answer. */
class People {
  readonly told: Told[] = [];
  readonly deaf = new Set<string>();
  readonly refusing = new Set<string>();

  readonly notify: Notify = async ({ name }, notice, signal) => {
    this.told.push({ to: name, notice });
    if (this.deaf.has(name)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => resolve());
      await promise;
    }
    return this.refusing.has(name) ? { ok: false, text: "answered 500" } : { ok: true, text: "answered 200" };
  };

  of(name: string): readonly string[] {
    return this.told.filter(({ to }) => to === name).map(({ notice }) => notice.occasion);
  }
}

function house(...notifiers: readonly Notifier[]): { readonly house: House; readonly people: People } {
  const made = new House();
  const people = new People();
  made.notify = { notify: people.notify, notifiers };
  return { house: made, people };
}

test("people hear how a rollout begins, goes on, and ends", async () => {
  const { house: made, people } = house(receiver("ops"));
  await made.canary({ version: "1.2.3" });
  await made.pass(120_000);
  expect(made.rollout.phase.phase).toBe("promoted");
  expect(people.of("ops")).toEqual(["started", "step", "step", "step", "step", "promoted"]);
  const [first] = people.told;
  expect(first?.notice).toMatchObject({
    occasion: "started",
    rollout: "web-1",
    strategy: "canary",
    version: "1.2.3",
    from: "blue",
    to: "green",
    event: { service: "web", kind: "started", actor: "ann" },
  });
});

test("people hear of an abort", async () => {
  const { house: made, people } = house(receiver("ops", { on: ["held", "reverted", "failed"] }));
  await made.canary();
  await made.command("abort");
  await made.pass(5_000);
  expect(people.told.map(({ notice }) => notice.event.kind)).toEqual(["reverting", "reverted"]);
});

test("people hear that a rollout waits for somebody", async () => {
  const { house: made, people } = house(receiver("ops", { on: ["held"] }));
  const { canary } = made.settings;
  if (canary === null) throw new Error("there is a canary");
  const step = { kind: "approval", share: 2_000, needs: [], hold: null, within: null } as const;
  made.settings = { ...made.settings, canary: { ...canary, steps: [step] } };
  await made.canary();
  await made.pass(5_000);
  expect(people.told.map(({ notice }) => notice.event.text)).toEqual(["waits for approval"]);
});

test("a receiver hears only of its services", async () => {
  const { house: made, people } = house(receiver("shop", { services: ["shop"] }), receiver("web", { services: ["web"] }));
  await made.canary();
  await made.pass(5_000);
  expect(people.of("shop")).toEqual([]);
  expect(people.of("web")).toContain("started");
});

test("a receiver that never answers holds up neither the rollout nor another receiver", async () => {
  const { house: made, people } = house(receiver("deaf"), receiver("ops"));
  people.deaf.add("deaf");
  await made.canary();
  await made.pass(120_000);
  expect(made.rollout.phase.phase).toBe("promoted");
  expect(people.of("deaf")).toEqual(["started"]);
  expect(people.of("ops")).toContain("promoted");
});

test("what a receiver refuses is given up, with a word in the log", async () => {
  const { house: made, people } = house(receiver("ops", { on: ["started", "step"] }));
  people.refusing.add("ops");
  await made.canary();
  await made.pass(5_000);
  expect(people.of("ops")).toEqual(["started", "step"]);
  expect(made.complaints).toEqual([
    "ops could not be told of web (started): answered 500",
    "ops could not be told of web (step): answered 500",
  ]);
});

test("a restart leaves nothing out, and tells nothing twice", async () => {
  const { house: made, people } = house(receiver("ops"));
  await made.canary();
  await made.pass(3_000);
  for (let restarts = 0; restarts < 5; restarts += 1) {
    await made.boot();
    await made.pass(11_000);
  }
  await made.pass(120_000);
  expect(made.rollout.phase.phase).toBe("promoted");
  const worth = made.events.filter((event) => occasionOf(event) !== null);
  expect(people.told.map(({ notice }) => notice.event.seq)).toEqual(worth.map(({ seq }) => seq));
  expect(people.of("ops").at(-1)).toBe("promoted");
});

test("the message that a kill interrupted comes again, with the same id", async () => {
  const { house: made, people } = house(receiver("ops"));
  people.deaf.add("ops");
  await made.canary();
  await made.pass(5_000);
  people.deaf.clear();
  await made.boot();
  await made.pass(2_000);
  const [first, second, third] = people.told;
  expect(second?.notice).toEqual(first?.notice);
  expect(third?.notice.occasion).toBe("step");
  expect(third?.notice.id).not.toBe(first?.notice.id);
});

test("a stop in the middle of a message tells it again", async () => {
  const { house: made, people } = house(receiver("ops"));
  people.deaf.add("ops");
  await made.canary();
  await made.pass(5_000);
  await made.controller[Symbol.asyncDispose]();
  await made.pass(1_000);
  people.deaf.clear();
  await made.boot();
  await made.pass(2_000);
  expect(people.of("ops").slice(0, 3)).toEqual(["started", "started", "step"]);
});

test("a receiver that is new hears of nothing that was before it", async () => {
  const { house: made, people } = house();
  await made.canary();
  await made.pass(120_000);
  made.notify = { notify: people.notify, notifiers: [receiver("ops")] };
  await made.boot();
  await made.pass(5_000);
  expect(people.told).toEqual([]);
  await made.controller.start("web", { ...START, to: "blue" }, ANN, null);
  await made.pass(5_000);
  expect(people.of("ops")[0]).toBe("started");
});

test("what is too old to be news is not told", async () => {
  const { house: made, people } = house(receiver("ops"));
  people.deaf.add("ops");
  await made.canary();
  await made.pass(120_000);
  made.kill();
  made.timeline.t += 4_000_000;
  people.deaf.clear();
  people.told.length = 0;
  await made.boot();
  await made.pass(5_000);
  expect(people.told).toEqual([]);
  expect(made.complaints).toContain("ops was not told of web (promoted): it is too long ago");
});

test("two receivers of one name are told each for itself", async () => {
  const { house: made, people } = house(receiver("slack", { on: ["started"] }), receiver("slack", { on: ["started"] }));
  await made.canary();
  await made.pass(5_000);
  await made.boot();
  await made.pass(5_000);
  expect(people.of("slack")).toEqual(["started", "started"]);
});
