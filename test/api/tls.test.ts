import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fetchOver } from "../../src/cli/transport.ts";
import { type Issued, issue, pem, sign } from "../support/certificates.ts";
import { sluice } from "../support/cli.ts";
import { ApiUnderTest } from "./api-under-test.ts";

let folder: string;
let first: Issued;
let second: Issued;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-tls-"));
  [first, second] = await Promise.all([issue(folder, "first"), issue(folder, "second")]);
});
afterAll(() => rm(folder, { recursive: true }));

/** The name of who signed the certificate that is served at a port. */
function served(port: number, options: object = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options }, () => {
      resolve(String(socket.getPeerCertificate().issuer.CN));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

test("the API speaks TLS with a certificate of its own, to clients that trust its authority", async () => {
  await using api = await ApiUnderTest.start({ certificate: await pem(first) });
  expect(api.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const env = { SLUICE_URL: api.url, SLUICE_TOKEN: api.tokens.admin };
  expect(await sluice(["status", "-o", "name"], { env: { ...env, SLUICE_CA: first.ca } })).toMatchObject({
    code: 0,
    stdout: "web",
  });
  expect(await sluice(["status", "-o", "name", "--ca", first.ca], { env })).toMatchObject({ code: 0, stdout: "web" });
  for (const more of [[], ["--ca", second.ca]]) {
    const { code, stderr } = await sluice(["status", ...more], { env });
    expect(code).toBe(7);
    expect(stderr).toMatch(/certificate/);
  }
});

test("commands of the same machine know the controller by its certificate, and take no other of the same authority for it", async () => {
  const other = await sign(folder, "first", "other");
  await using api = await ApiUnderTest.start({ certificate: await pem(other) });
  const ask = async (served: Issued) => {
    const chain = `${(await pem(served)).cert}${await readFile(first.ca, "utf8")}`;
    const sent = { method: "GET", headers: {}, redirect: "error" } as const;
    return (await fetchOver({ socket: null, trust: { own: [chain] } })(`${api.url}/healthz`, sent)).status;
  };
  expect(await ask(other)).toBe(200);
  await expect(ask(first)).rejects.toThrow(/neither the one that Sluice said it serves/);
});

test("an old version of TLS is refused, and so is plain HTTP", async () => {
  await using api = await ApiUnderTest.start({ certificate: await pem(first) });
  await expect(served(api.port, { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" })).rejects.toThrow();
  await expect(fetch(`http://127.0.0.1:${api.port}/healthz`)).rejects.toThrow();
  expect(await served(api.port)).toBe("authority of first");
});

test("a new certificate is served from the next connection on, and those that are open go on", async () => {
  await using api = await ApiUnderTest.start({ certificate: await pem(first) });
  api.renew(await pem(second));
  expect(await served(api.port)).toBe("authority of second");
});

test("the Host may leave out the port that https means, and no other", async () => {
  const { checkHost } = await import("../../src/api/host.ts");
  const from = (protocol: string, localPort: number) => ({
    raw: { rawHeaders: ["Host", "localhost"], url: "/" },
    headers: { host: "localhost" },
    socket: { localPort },
    protocol,
  });
  const check = checkHost([]) as (request: unknown) => void;
  expect(() => check(from("https", 443))).not.toThrow();
  expect(() => check(from("http", 80))).not.toThrow();
  expect(() => check(from("https", 80))).toThrow();
  expect(() => check(from("http", 443))).toThrow();
});
