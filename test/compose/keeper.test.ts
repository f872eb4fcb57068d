import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";
import { root } from "../support/sources.ts";

/** The first process of a member of `orders` in the compose stack, as a process of this machine. */
let keeper: ChildProcess;
let url: string;
let control: string;

beforeEach(async () => {
  const [port, controlPort] = [await freePort(), await freePort()];
  url = `http://127.0.0.1:${port}`;
  control = `http://127.0.0.1:${controlPort}`;
  const env = { ...process.env, VERSION: "v1", PORT: String(port), CONTROL_PORT: String(controlPort) };
  keeper = spawn(process.execPath, [join(root, "docker/app/keeper.ts")], { env, stdio: "ignore" });
  await until("the application answers", () => fetch(`${url}/healthz`).then(Boolean, () => false), 10_000);
});

afterEach(async () => {
  if (keeper.exitCode !== null || keeper.signalCode !== null) return;
  const gone = once(keeper, "exit");
  keeper.kill("SIGTERM");
  await gone;
});

const version = async () => (await fetch(url)).headers.get("x-version");
const deploy = async (wanted: string) =>
  (await fetch(`${control}/deploy?version=${wanted}`, { method: "POST" })).text().then((text) => text.trim());

describe("the keeper of an application that is updated in place", () => {
  test("runs another version once it answers, and the one before again, however often it is told", async () => {
    expect(await deploy("v2")).toBe("v2 runs, v1 before");
    expect(await version()).toBe("v2");
    expect(await deploy("v2")).toBe("v2 runs already");
    expect(await deploy("previous")).toBe("v1 runs, v1 before");
    expect(await deploy("previous")).toBe("v1 runs already");
    expect(await version()).toBe("v1");
  });

  test("lets the last answers of the old version go out", async () => {
    await fetch(`${url}/slow?ms=400`, { method: "POST" });
    const slow = request(url, { headers: { expect: "100-continue" } });
    const answered = once(slow, "response");
    slow.flushHeaders();
    // The application's word that it has the request.
    await once(slow, "continue");
    slow.end();
    await deploy("v2");
    const [answer] = (await answered) as [IncomingMessage];
    answer.resume();
    expect(answer.headers["x-version"]).toBe("v1");
  });

  test("ends with its application, so that the container is started anew", async () => {
    const gone = once(keeper, "exit");
    await fetch(`${url}/die`, { method: "POST" });
    expect((await gone)[0]).toBe(1);
  });

  test("the hook says which member runs what, and fails where nobody answers", async () => {
    const hook = (member: string) =>
      execa(process.execPath, [join(root, "docker/sluice/deploy.mts"), member, "v2"], { reject: false, all: true });
    const { exitCode, all } = await hook("127.0.0.1:1");
    expect(exitCode).not.toBe(0);
    expect(all).toMatch(/fetch failed/);
  });
});
