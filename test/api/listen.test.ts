import { existsSync } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { Agent, request } from "undici";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ApiUnderTest } from "./api-under-test.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-listen-"));
  path = join(folder, "api.sock");
});
afterEach(() => rm(folder, { recursive: true }));

async function ask(host: string, headers: Record<string, string> = {}): Promise<number> {
  const dispatcher = new Agent({ connect: { socketPath: path } });
  try {
    const answer = await request("http://localhost/v1/services", { headers: { host, ...headers }, dispatcher });
    await answer.body.dump();
    return answer.statusCode;
  } finally {
    await dispatcher.destroy();
  }
}

test("the API serves on a unix socket, to its owner and group, as localhost", async () => {
  {
    await using api = await ApiUnderTest.start({ listen: { unix: path }, auth: { kind: "none" } });
    expect(api.url).toBe(`unix:${path}`);
    expect((await stat(path)).mode & 0o777).toBe(0o660);
    expect([await ask("localhost"), await ask("localhost:7070"), await ask("evil.example")]).toEqual([200, 200, 421]);
  }
  expect(existsSync(path)).toBe(false);
});

test("on a unix socket, which has no addresses, wrong tokens are counted all the same", async () => {
  await using _api = await ApiUnderTest.start({ listen: { unix: path }, limits: { wrongTokens: 1 } });
  const wrong = { authorization: "Bearer wrong" };
  expect([await ask("localhost"), await ask("localhost", wrong), await ask("localhost", wrong)]).toEqual([401, 401, 429]);
});

test("a socket that a killed process left behind is taken over", async () => {
  const listen = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  await execa({ reject: false })`node -e ${listen}`;
  expect(existsSync(path)).toBe(true);
  await using _api = await ApiUnderTest.start({ listen: { unix: path }, auth: { kind: "none" } });
  expect(await ask("localhost")).toBe(200);
});

test("a socket that is in use, and a file that is none, are left alone", async () => {
  const other = createServer().listen(path);
  try {
    await expect(ApiUnderTest.start({ listen: { unix: path } })).rejects.toThrow(/unix:.*in use already/);
  } finally {
    other.close();
  }
  await writeFile(path, "mine");
  await expect(ApiUnderTest.start({ listen: { unix: path } })).rejects.toThrow(/in use already/);
  expect((await stat(path)).isFile()).toBe(true);
});

test("a port that is taken is named, with what to do", async () => {
  await using api = await ApiUnderTest.start();
  await expect(ApiUnderTest.start({ listen: { host: "127.0.0.1", port: api.port } })).rejects.toThrow(
    `The API cannot listen on 127.0.0.1:${api.port}: it is in use already.`,
  );
});

test.each(["0.0.0.0", "::", "192.0.2.1", "example.com"])("no auth on %s is a start error", async (host) => {
  await expect(ApiUnderTest.start({ listen: { host, port: 0 }, auth: { kind: "none" } })).rejects.toThrow(
    /auth: none is for loopback/,
  );
});

test("the address that the API listens on is one of its hosts", async () => {
  await using api = await ApiUnderTest.start({ listen: { host: "127.0.0.2", port: 0 } });
  expect((await api.ask("/healthz")).status).toBe(200);
});
