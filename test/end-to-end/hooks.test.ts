import { createHmac } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { ExplanationView } from "../../src/core/explained.ts";
import { runningProcesses } from "../../src/hooks/processes.ts";
import { type Answers, startAnswers } from "../support/answers.ts";
import { until } from "../support/nginx.ts";
import { Stack } from "./stack.ts";

const SECRET = "k3y-of-the-gate";

type Asked = { readonly url: string; readonly signature: string; readonly body: string };

/** Says no to the first that asks a gate, and yes to all others. */
async function office(): Promise<Answers & { readonly asked: Asked[] }> {
  const asked: Asked[] = [];
  const answers = await startAnswers(async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const first = request.url === "/gate" && !asked.some(({ url }) => url === "/gate");
    asked.push({
      url: request.url ?? "",
      signature: String(request.headers["x-sluice-signature"] ?? ""),
      body: Buffer.concat(chunks).toString(),
    });
    response.writeHead(first ? 409 : 204).end(first ? "not during the sale" : "");
  });
  return { ...answers, asked };
}

/** Hangs until it finds the file `go` beside itself, and writes down what it was run with. */
const MIGRATE = `#!/bin/sh
cd "$(dirname "$0")"
echo "$SLUICE_KEY" >> keys
echo $$ >> pids
while [ ! -e go ]; do sleep 0.1; done
echo "migrated to $1 with $PASSWORD"
`;

it("a hook outlives no Sluice, runs again with its key, and a gate decides", { timeout: 60_000 }, async () => {
  await using desk = await office();
  const service = `    canary: { steps: [{ share: 50%, for: 500ms }] }
    hooks:
      beforeStart: { command: [./migrate.sh, "{version}"], env: { PASSWORD: { file: ./password } }, timeout: 30s }
      beforePromote: { post: "http://${desk.address}/gate", secret: { file: ./key }, name: gate }`;
  const top = `notify: [{ webhook: "http://${desk.address}/told", on: [started, reverted, promoted] }]\n`;
  await using stack = await Stack.start({ service, top });
  const at = (name: string) => join(stack.nginx.prefix, name);
  const lines = (name: string) => (existsSync(at(name)) ? readFileSync(at(name), "utf8").trim().split("\n") : []);
  writeFileSync(at("migrate.sh"), MIGRATE);
  chmodSync(at("migrate.sh"), 0o755);
  writeFileSync(at("key"), `${SECRET}\n`);
  writeFileSync(at("password"), "hunter22\n");
  await stack.serve();

  await stack.cli("start", "web", "--strategy", "canary", "--version", "1.2.3", "--detach");
  await until("the hook runs", () => lines("pids").length === 1);
  await stack.killController();
  expect(await groupOf(lines("pids")[0])).not.toEqual([]);
  await stack.serve();
  await until("it runs again", () => lines("pids").length === 2);
  expect(await groupOf(lines("pids")[0])).toEqual([]);
  await stack.stopController();
  expect(await groupOf(lines("pids")[1])).toEqual([]);
  await stack.serve();
  await until("it runs once more", () => lines("pids").length === 3);
  expect(new Set(lines("keys")).size).toBe(1);
  expect((await stack.service()).wanted.shares).toEqual({ blue: 10_000 });
  writeFileSync(at("go"), "");

  const refused = await stack.reaches("reverted", null, 20_000);
  expect(refused.reason).toBe("gate failed: answered 409: not during the sale");
  const { hooks } = (await stack.api("GET", "/v1/rollouts/web-1/explanation")).body as ExplanationView;
  expect(hooks).toMatchObject([
    { point: "beforeStart", run: 3, is: "succeeded", output: "migrated to 1.2.3 with ***" },
    { name: "gate", point: "beforePromote", run: 1, is: "failed", output: "not during the sale" },
  ]);
  const [asked] = desk.asked.filter(({ url }) => url === "/gate");
  const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(asked?.signature ?? "") ?? [];
  expect(mac).toBe(createHmac("sha256", SECRET).update(`${seconds}.${asked?.body}`).digest("hex"));
  expect(JSON.parse(asked?.body ?? "")).toMatchObject({
    rollout: "web-1",
    point: "beforePromote",
    version: "1.2.3",
    to: "green",
  });

  await stack.cli("retry", "web", "--detach");
  await stack.reaches("promoted", null, 20_000);
  const told = () => desk.asked.filter(({ url }) => url === "/told").map(({ body }) => JSON.parse(body));
  await until("people know", () => told().some(({ event }) => event === "promoted"));
  expect(told().map(({ rollout, kind }) => `${rollout} ${kind}`)).toEqual([
    "web-1 started",
    "web-1 reverting",
    "web-1 reverted",
    "web-2 started",
    "web-2 promoted",
  ]);
  // What was told in confidence is in nothing that Sluice wrote.
  expect(stack.log).not.toContain("hunter22");
  expect(readFileSync(at("state/sluice.db")).includes("hunter22")).toBe(false);
});

async function groupOf(pid: string | undefined): Promise<readonly number[]> {
  return (await runningProcesses()).filter(({ group }) => group === Number(pid)).map((one) => one.pid);
}
