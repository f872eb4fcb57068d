// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HttpMetric } from "../../src/core/service.ts";
import { createHttp } from "../../src/metrics/http.ts";
import { startAnswers } from "../support/answers.ts";
import { filling, httpMetric, json, readOnce, subject } from "../support/numbers.ts";

async function answered(answer: RequestListener, more: Partial<HttpMetric> = {}) {
  await using server = await startAnswers(answer);
  await using source = createHttp(filling({ ADDRESS: server.address }));
  return await readOnce(source, httpMetric("http://${ADDRESS}/rates?key=${ADDRESS}", more));
}

describe("a number in a JSON answer", () => {
  test.each<[string, unknown, string, number]>([
    ["a number", { rate: 0.25 }, "rate", 0.25],
    ["a number deep down", { data: { errors: [{ rate: -3 }] } }, "data.errors[0].rate", -3],
    ["a text that is a number", { rate: "0.5" }, "rate", 0.5],
  ])("%s", async (_what, value, pick, number) => {
    expect(await answered(json(value), { pick })).toMatchObject({ is: "number", says: number });
  });

  test.each<[string, RequestListener, string, string]>([
    ["null", json({ rate: null }), "lacking", "rate of http://${ADDRESS}/rates is null: there is no number yet"],
    ["a text", json({ rate: "many" }), "broken", "rate of http://${ADDRESS}/rates is not a number"],
    [
      "NaN as a text",
      json({ rate: "NaN" }),
      "lacking",
      "rate of http://${ADDRESS}/rates is NaN: there is nothing to compute it from yet",
    ],
    ["an empty text", json({ rate: "" }), "broken", "rate of http://${ADDRESS}/rates is not a number"],
    ["true", json({ rate: true }), "broken", "rate of http://${ADDRESS}/rates is a boolean, not a number"],
    ["a list", json({ rate: [1] }), "broken", "rate of http://${ADDRESS}/rates is a list, not a number"],
    ["a number too large", json('{"rate":1e999}'), "broken", "rate of http://${ADDRESS}/rates is Infinity, not a finite number"],
    ["nothing there", json({}), "broken", "http://${ADDRESS}/rates: the answer has no rate"],
    ["404", json({ rate: 1 }, 404), "broken", "http://${ADDRESS}/rates answered 404, wants 200"],
    [
      "text/plain",
      (_q, r) => r.setHeader("content-type", "text/plain").end("1"),
      "broken",
      "http://${ADDRESS}/rates answered text/plain, wants application/json",
    ],
    [
      "nothing at all",
      (_q, r) => r.setHeader("content-type", "application/json").end(),
      "broken",
      "http://${ADDRESS}/rates answered nothing, wants JSON",
    ],
  ])("%s", async (_what, answer, is, says) => {
    expect(await answered(answer)).toMatchObject({ is, says });
  });

  test("is asked for by name, and a name cannot change the address", async () => {
    let asked = "";
    await using server = await startAnswers((request, response) => {
      asked = request.url ?? "";
      json({ rate: 1 })(request, response as never);
    });
    await using source = createHttp(filling({}));
    const metric = httpMetric(`http://${server.address}/{{service}}/{{pool}}?v={{version}}&w={{window}}`);
    await readOnce(source, metric, subject({ version: "v2&pool=blue#/../x" }));
    expect(asked).toBe("/web/green?v=v2%26pool%3Dblue%23%2F..%2Fx&w=10s");
  });
});

describe("over TLS", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-ca-"));
    const subjectOf = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    await execa("openssl", [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      join(folder, "key.pem"),
      "-out",
      join(folder, "ca.pem"),
      "-days",
      "2",
      ...subjectOf,
    ]);
    await writeFile(join(folder, "empty"), "");
    await writeFile(join(folder, "token"), "from-a-file\nsecond line\n");
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function reading(more: Partial<HttpMetric>) {
    const { readFile } = await import("node:fs/promises");
    let token: string | undefined;
    const server = createServer(
      { key: await readFile(join(folder, "key.pem")), cert: await readFile(join(folder, "ca.pem")) },
      (request, response) => {
        token = request.headers.authorization;
        json({ rate: 1 })(request, response as never);
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await using source = createHttp(filling({}));
      const read = await readOnce(source, httpMetric(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, more));
      return { ...read, token };
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  test("an authority of one's own is trusted where it is named, and sees the token of a file", async () => {
    const token = { from: "file", path: join(folder, "token") } as const;
    const read = await reading({ ca: join(folder, "ca.pem"), auth: { by: "bearer", token } });
    expect([read.is, read.says, read.token]).toEqual(["number", 1, "Bearer from-a-file"]);
  });

  test("and not where it is not", async () => {
    const read = await reading({});
    expect(read.is).toBe("broken");
    expect(read.says).toContain(
      "has a certificate that is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT); name the file of its authority with ca:",
    );
  });

  test("files that cannot be used are named", async () => {
    expect((await reading({ ca: join(folder, "none.pem") })).says).toBe(
      `the file ${join(folder, "none.pem")} cannot be read (ENOENT)`,
    );
    const token = { from: "file", path: join(folder, "empty") } as const;
    expect((await reading({ auth: { by: "bearer", token } })).says).toContain("is empty; its first line is to be the secret");
  });
});
