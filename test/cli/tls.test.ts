import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Issued, issue } from "../support/certificates.ts";
import { type Running, sluice, startSluice } from "../support/cli.ts";
import { until } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";

let folder: string;
let port: number;
let first: Issued;
let second: Issued;
let running: Running | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-tls-"));
  port = await freePort();
  [first, second] = await Promise.all([issue(folder, "first"), issue(folder, "second", 3)]);
  await use(first);
  await writeFile(
    join(folder, "sluice.yaml"),
    `api:
  listen: "127.0.0.1:${port}"
  tls: { cert: served.crt, key: served.key }
state: ./state
nginx: { config: ./nginx.conf, pid: ./nginx.pid, include: ./include, tables: ./tables }
services:
  web:
    stable: blue
    pools: { blue: { members: ["127.0.0.1:9"] }, green: { members: ["127.0.0.1:9"] } }
`,
  );
  await writeFile(join(folder, "nginx.conf"), "events {}\nhttp { include include/current/*.http.conf; }\n");
});

afterEach(async () => {
  running?.kill("SIGTERM");
  await running?.ended;
  running = null;
  await rm(folder, { recursive: true });
});

/** Puts a certificate where the configuration says that it is. */
async function use({ cert, key }: Issued): Promise<void> {
  await copyFile(cert, join(folder, "served.crt"));
  await copyFile(key, join(folder, "served.key"));
}

const run = (...args: string[]) => sluice(args, { cwd: folder });
/** In a process of its own: a connection that an earlier one left open is trusted already. */
const elsewhere = (ca: string) =>
  startSluice(["status", "-o", "name", "--url", `https://127.0.0.1:${port}`, "--token-file", "state/token", "--ca", ca], {
    cwd: folder,
  }).ended;

test("a certificate of its own is served, known to the commands of this machine, and exchanged by `sluice reload`", async () => {
  running = startSluice(["serve"], { cwd: folder });
  await until("it listens", () => running?.stdout().includes("listening") === true);
  expect(running.stdout()).toContain(`"address":"https://127.0.0.1:${port}"`);
  expect(await run("status", "-o", "name")).toEqual({ code: 0, stdout: "web", stderr: "" });
  expect((await elsewhere(first.ca)).stdout).toBe("web");
  expect((await run("status", "-o", "name", "--url", `https://127.0.0.1:${port}`)).stdout).toBe("web");

  await copyFile(second.cert, join(folder, "served.crt"));
  const half = await run("reload");
  expect(half.code, half.stderr).toBe(6);
  expect(half.stderr).toMatch(/sluice\.yaml:3:\d+ api\.tls\.key: .*served\.key does not belong to the certificate/);
  expect((await elsewhere(first.ca)).stdout).toBe("web");

  await use(second);
  const reload = await run("reload");
  expect(reload.code, reload.stderr).toBe(0);
  expect(reload.stderr).toMatch(/warning: the certificate .*served\.crt ends at 20/);
  expect((await elsewhere(second.ca)).stdout).toBe("web");
  const untrusted = await elsewhere(first.ca);
  expect([untrusted.code, untrusted.stderr]).toEqual([7, expect.stringContaining("--ca FILE or SLUICE_CA")]);
  expect((await run("status", "-o", "name")).stdout).toBe("web");
});

test("a certificate that cannot be used keeps it from starting, with its place, exit 6", async () => {
  await writeFile(join(folder, "served.crt"), "hello");
  const { code, stderr } = await run("serve");
  expect(code).toBe(6);
  const place = /sluice\.yaml:3:\d+ api\.tls\.cert: .*served\.crt is no certificate \(PEM\)/;
  expect(stderr).toMatch(place);
  const looked = await run("check", "--nginx");
  expect([looked.code, looked.stdout]).toEqual([6, expect.stringMatching(place)]);
  expect((await run("doctor")).stdout).toMatch(/fail {2}sluice\.yaml:3: api\.tls\.cert .*served\.crt is no certificate/);
});
