import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { signatureOf } from "../../src/hooks/signature.ts";
import { type Answers, startAnswers } from "../support/answers.ts";
import { HASTY, postHook, runHook } from "../support/hook-calls.ts";
import { freePort } from "../support/ports.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-post-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Asked = { readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: string };

/** A server that keeps what it was asked, and answers it. */
async function server(
  answer: (response: ServerResponse, tries: number) => void,
): Promise<Answers & { readonly asked: readonly Asked[]; readonly url: string }> {
  const asked: Asked[] = [];
  const answers = await startAnswers(async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    asked.push({ url: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks).toString() });
    answer(response, asked.length);
  });
  return { ...answers, asked, url: `http://${answers.address}` };
}

const say =
  (status: number, text = "") =>
  (response: ServerResponse) =>
    void response.writeHead(status).end(text);

test("the body says what the rollout is, and where it is", async () => {
  await using gate = await server(say(200, "go ahead"));
  expect(await runHook(postHook(`${gate.url}/gate/{service}?v={version}`), { call: { version: "1 & 2" } })).toEqual({
    ok: true,
    text: "answered 200",
    output: "go ahead",
  });
  const [asked] = gate.asked;
  expect(asked?.url).toBe("/gate/web?v=1%20%26%202");
  expect(asked?.headers).toMatchObject({
    "content-type": "application/json",
    "idempotency-key": "web-3.1.before.0.10.0.0.1:80",
    "user-agent": "sluice",
  });
  expect(asked?.headers).not.toHaveProperty("x-sluice-signature");
  expect(JSON.parse(asked?.body ?? "")).toEqual({
    rollout: "web-3",
    service: "web",
    strategy: "rolling",
    point: "deploy",
    step: "batch 1 of 3",
    shares: { blue: 9_000, green: 1_000 },
    from: "blue",
    to: "green",
    member: "10.0.0.1:80",
    version: "1 & 2",
    key: "web-3.1.before.0.10.0.0.1:80",
  });
});

test("the body is signed with the time", async () => {
  await using gate = await server(say(204));
  const wall = 1_700_000_000_999;
  const times = { ...HASTY, wall: () => wall };
  const hook = postHook(gate.url, { secret: { from: "text", text: "s3cret" } });
  expect(await runHook(hook, { times })).toEqual({ ok: true, text: "answered 204", output: "" });
  const [asked] = gate.asked;
  const expected = createHmac("sha256", "s3cret").update(`1700000000.${asked?.body}`).digest("hex");
  expect(asked?.headers["x-sluice-signature"]).toBe(`t=1700000000,v1=${expected}`);
});

test("a signature is what others compute too", () => {
  // By `printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key`.
  expect(signatureOf('{"a":1}', "key", 1_700_000_000_000)).toBe(
    "t=1700000000,v1=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03",
  );
});

test.each([400, 403, 404, 409, 422])("%i is no at once", async (status) => {
  await using gate = await server(say(status, "first line\nnot during the sale"));
  expect(await runHook(postHook(gate.url))).toEqual({
    ok: false,
    text: `answered ${status}: not during the sale`,
    output: "first line\nnot during the sale",
  });
  expect(gate.asked).toHaveLength(1);
});

test.each([500, 502, 503, 408, 425, 429])("%i is tried again, with the same key", async (status) => {
  await using gate = await server((response, tries) => say(tries < 4 ? status : 200)(response));
  expect(await runHook(postHook(gate.url))).toMatchObject({ ok: true, text: "answered 200" });
  expect(gate.asked).toHaveLength(4);
  expect(new Set(gate.asked.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
});

test("tries pause longer and longer, and end with the deadline", async () => {
  let wall = 0;
  const pauses: number[] = [];
  const wait = async (ms: number) => {
    pauses.push(ms);
    wall += ms;
  };
  const url = `http://127.0.0.1:${await freePort()}`;
  const end = await runHook(postHook(url, { deadlineMs: 10_000 }), { times: { wall: () => wall, random: () => 1, wait } });
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000]);
  expect(end).toEqual({ ok: false, text: "refused the connection; given up after 5 tries in 10 s", output: "" });
});

test("a server that asks for a pause gets it", async () => {
  let wall = 0;
  const pauses: number[] = [];
  const wait = async (ms: number) => {
    pauses.push(ms);
    wall += ms;
  };
  await using gate = await server((response, tries) => {
    if (tries === 1) response.setHeader("retry-after", "7");
    say(tries === 1 ? 429 : 200)(response);
  });
  expect(await runHook(postHook(gate.url), { times: { wall: () => wall, random: () => 1, wait } })).toMatchObject({ ok: true });
  expect(pauses).toEqual([7_000]);
});

test("a server that hangs is given up with the try", async () => {
  await using gate = await server(() => {});
  const end = await runHook(postHook(gate.url, { timeoutMs: 100, deadlineMs: 300 }));
  expect(end.ok).toBe(false);
  expect(end.text).toMatch(/^did not answer within 0\.\d+ s; given up after \d tries in 0\.3 s$/);
});

test("no redirect is followed, and where it leads is not told", async () => {
  await using other = await server(say(200));
  await using gate = await server((response) => void response.writeHead(307, { location: `${other.url}/?token=x` }).end());
  expect(await runHook(postHook(gate.url))).toEqual({
    ok: false,
    text: "answered 307, a redirect; redirects are not followed",
    output: "",
  });
  expect(other.asked).toEqual([]);
});

test("of an answer that does not end, no more is read than is kept", async () => {
  await using gate = await server((response) => {
    response.writeHead(200);
    const more = () => {
      while (!response.destroyed && response.write("x".repeat(10_000)));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  });
  const end = await runHook(postHook(gate.url));
  expect(end).toMatchObject({ ok: true, text: "answered 200" });
  expect(end.output).toHaveLength(8_000);
});

test("secrets are sent, and not told", async () => {
  const path = join(folder, "token");
  writeFileSync(path, "hunter22\n");
  await using gate = await server((response) => say(403, `bad token ${gate.asked[0]?.headers.authorization}`)(response));
  const headers = { authorization: { from: "file", path } } as const;
  const end = await runHook(postHook(gate.url, { headers }));
  expect(gate.asked[0]?.headers.authorization).toBe("hunter22");
  expect(end).toEqual({ ok: false, text: "answered 403: bad token ***", output: "bad token ***" });
});

test("what is no longer wanted is not waited for", async () => {
  const stop = new AbortController();
  await using gate = await server(() => stop.abort());
  expect(await runHook(postHook(gate.url), { signal: stop.signal })).toMatchObject({
    ok: false,
    text: "was not waited for: it is no longer wanted, or Sluice is stopping",
  });
});

test.each([
  ["an address that is none", postHook("ftp://127.0.0.1/"), /begin with http/],
  [
    "a secret that is not there",
    postHook("http://127.0.0.1:1/", { secret: { from: "file", path: "/no/such/file" } }),
    /cannot be read/,
  ],
  ["a file of certificates that is not there", postHook("https://127.0.0.1:1/", { ca: "/no/such/file" }), /cannot be read/],
  ["a header of two lines", postHook("http://127.0.0.1:1/", { headers: { a: { from: "text", text: "x\ny" } } }), /characters/],
])("%s is said at once", async (_what, hook, text) => {
  expect(await runHook(hook)).toMatchObject({ ok: false, text: expect.stringMatching(text) });
});

test("an authority of one's own is trusted where it is named, and only there", async () => {
  const [key, ca] = [join(folder, "key.pem"), join(folder, "ca.pem")];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  await execa("openssl", ["req", "-x509", ...kind, "-keyout", key, "-out", ca, ...subject]);
  const gate = createServer({ key: readFileSync(key), cert: readFileSync(ca) }, (_request, response) => say(200)(response));
  await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
  try {
    const url = `https://127.0.0.1:${(gate.address() as AddressInfo).port}`;
    expect(await runHook(postHook(url, { ca }))).toMatchObject({ ok: true, text: "answered 200" });
    expect((await runHook(postHook(url, { deadlineMs: 100 }))).text).toMatch(/certificate that is not trusted/);
  } finally {
    gate.closeAllConnections();
    await new Promise((resolve) => gate.close(resolve));
  }
});
