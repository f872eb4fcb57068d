// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration.
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import type { Notice, Notifier } from "../../src/core/notify.ts";
import { openNotify } from "../../src/hooks/notify.ts";
import { signatureOf } from "../../src/hooks/signature.ts";
import { startAnswers } from "../support/answers.ts";
import { HASTY } from "../support/hook-calls.ts";
import { filling } from "../support/numbers.ts";

const NOTICE: Notice = {
  occasion: "held",
  event: {
    seq: 41,
    at: "2026-03-01T10:02:00.000Z",
    service: "web",
    rollout: "web-12",
    step: 1,
    kind: "held",
    actor: null,
    text: "errors: <none> of 3 & more",
    data: {},
  },
  id: "mi8e4z2k.41",
  rollout: "web-12",
  strategy: "canary",
  version: null,
  from: "blue",
  to: "green",
  step: "25 %",
};

const common = { name: "ops", on: ["held"], services: null, deadlineMs: 5_000 } as const;
const text = (value: string) => ({ from: "text", text: value }) as const;

/** Tells one message, with these variables in the environment. */
async function tell(notifier: Notifier, env: Readonly<Record<string, string>> = {}) {
  const options = {
    fill: filling(env),
    inherited: { PATH: process.env.PATH },
    times: { ...HASTY, wall: () => 1_700_000_000_000 },
  };
  await using notifications = openNotify(options);
  return await notifications.notify(notifier, NOTICE, new AbortController().signal);
}

async function receiver(status = 200) {
  const asked: { readonly request: IncomingMessage; readonly body: string }[] = [];
  const answers = await startAnswers(async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    asked.push({ request, body: Buffer.concat(chunks).toString() });
    response.writeHead(status).end(status === 200 ? "ok" : `no ${request.url}`);
  });
  return { ...answers, asked };
}

test("a webhook gets the event, signed, and its id", async () => {
  await using desk = await receiver();
  const url = text("http://${DESK}/told");
  const more = { headers: { "x-from": text("{service}") }, secret: text("key"), ca: null, timeoutMs: 1_000 };
  expect(await tell({ ...common, to: "webhook", url, ...more }, { DESK: desk.address })).toMatchObject({ ok: true });
  const [asked] = desk.asked;
  expect(JSON.parse(asked?.body ?? "")).toEqual({
    id: "mi8e4z2k.41",
    seq: 41,
    at: "2026-03-01T10:02:00.000Z",
    event: "held",
    service: "web",
    rollout: "web-12",
    strategy: "canary",
    version: null,
    from: "blue",
    to: "green",
    step: "25 %",
    kind: "held",
    actor: null,
    text: "errors: <none> of 3 & more",
  });
  expect(asked?.request.headers).toMatchObject({
    "idempotency-key": "mi8e4z2k.41",
    "x-from": "web",
    "x-sluice-signature": signatureOf(asked?.body ?? "", "key", 1_700_000_000_000),
  });
});

test("Slack gets a text in which nothing means something to it", async () => {
  await using desk = await receiver();
  const url = text(`http://${desk.address}/services/T0/B0`);
  expect(await tell({ ...common, to: "slack", url, ca: null, timeoutMs: 1_000 })).toMatchObject({ ok: true });
  expect(JSON.parse(desk.asked[0]?.body ?? "")).toEqual({ text: "*web* held: errors: &lt;none&gt; of 3 &amp; more (web-12)" });
});

test("an address is a secret: no message about it holds what was told in confidence", async () => {
  await using desk = await receiver(404);
  const url = text(`http://${desk.address}/\${TOKEN}`);
  const end = await tell({ ...common, to: "slack", url, ca: null, timeoutMs: 1_000 }, { TOKEN: "T0-B0-abc" });
  expect(desk.asked[0]?.request.url).toBe("/T0-B0-abc");
  expect(end).toMatchObject({ ok: false, text: "answered 404: no /***" });
});

test("a program gets it as arguments and environment; a rollout without a version is none to stumble over", async () => {
  const script = 'echo "$1|$SLUICE_EVENT|$SLUICE_SEQ|$SLUICE_KEY|$SLUICE_POOL|$SLUICE_STEP|$SLUICE_VERSION|$WHO"';
  const command = ["sh", "-c", script, "x", "{event} {version}{text}"];
  const end = await tell({ ...common, to: "command", command, env: { WHO: text("{service}") } });
  expect(end).toEqual({
    ok: true,
    text: "succeeded",
    output: "held errors: <none> of 3 & more|held|41|mi8e4z2k.41|green|25 %||web",
  });
});
