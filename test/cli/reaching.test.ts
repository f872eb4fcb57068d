import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startApi } from "../support/api.ts";
import { sluice } from "../support/cli.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { serviceView } from "../support/views.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-cli-"));
});

afterEach(() => rm(folder, { recursive: true }));

const api = () => startApi(new ScriptedControl(serviceView()));

/** A configuration whose controller listens at `port`, and whose state folder is the test's. */
async function writeConfig(port: number, name = "sluice.yaml"): Promise<string> {
  const file = join(folder, name);
  const pools = 'pools: { blue: { members: ["127.0.0.1:8001"] }, green: { members: ["127.0.0.1:8002"] } }';
  await writeFile(
    file,
    `api: { listen: "127.0.0.1:${port}" }\nstate: ${folder}\nservices:\n  web:\n    stable: blue\n    ${pools}\n`,
  );
  return file;
}

/** Some other server, as it may listen at an address that was mistyped. */
async function otherServer(answer: RequestListener): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: stop };
}

describe("the address", () => {
  test("comes from the configuration here, with the token of its state folder", async () => {
    await using running = await api();
    await writeConfig(running.port);
    await writeFile(join(folder, "token"), `${running.token}\n`);
    expect(await sluice(["status", "-o", "name"], { cwd: folder })).toEqual({ code: 0, stdout: "web", stderr: "" });
  });

  test("comes from --config before SLUICE_CONFIG, and that before the configuration here", async () => {
    await using running = await api();
    await writeConfig(1);
    const good = await writeConfig(running.port, "good.yaml");
    await writeFile(join(folder, "token"), running.token);
    const byEnv = { cwd: folder, env: { SLUICE_CONFIG: good } };
    expect((await sluice(["status", "-o", "name"], byEnv)).stdout).toBe("web");
    const byFlag = { cwd: folder, env: { SLUICE_CONFIG: join(folder, "sluice.yaml") } };
    expect((await sluice(["status", "-o", "name", "--config", good], byFlag)).stdout).toBe("web");
  });

  test("comes from --url before SLUICE_URL, and that before any configuration", async () => {
    await using running = await api();
    await writeConfig(1);
    const env = { SLUICE_URL: running.url, SLUICE_TOKEN: running.token };
    expect((await sluice(["status", "-o", "name"], { cwd: folder, env })).stdout).toBe("web");
    const other = { ...env, SLUICE_URL: "http://127.0.0.1:9" };
    expect((await sluice(["status", "-o", "name", "--url", running.url], { cwd: folder, env: other })).stdout).toBe("web");
    expect((await sluice(["status", "-o", "name", "--url", running.url.slice("http://".length)], { env })).stdout).toBe("web");
  });

  test("may be a unix socket", async () => {
    const unix = join(folder, "api.sock");
    await using running = await startApi(new ScriptedControl(serviceView()), { listen: { unix } });
    const env = { SLUICE_URL: `unix:${unix}`, SLUICE_TOKEN: running.token };
    expect(await sluice(["status", "-o", "name"], { env })).toEqual({ code: 0, stdout: "web", stderr: "" });
  });

  test("is asked for where there is none, exit 7", async () => {
    const { code, stderr } = await sluice(["status"], { cwd: folder });
    expect(code).toBe(7);
    expect(stderr).toContain("no controller is named");
    expect(stderr).toContain("SLUICE_URL");
  });

  test.each(["ftp://x", "http://", "http://user:pass@x"])("may not be %s, exit 2", async (url) => {
    expect(await sluice(["status", "--url", url])).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("the token", () => {
  test("may come from a file, by flag or by environment", async () => {
    await using running = await api();
    const file = join(folder, "mine");
    await writeFile(file, `${running.token}\n`);
    const SLUICE_URL = running.url;
    expect((await sluice(["status", "--token-file", file], { env: { SLUICE_URL } })).code).toBe(0);
    expect((await sluice(["status"], { env: { SLUICE_URL, SLUICE_TOKEN_FILE: file } })).code).toBe(0);
    expect((await sluice(["status", "--token", running.token], { env: { SLUICE_URL, SLUICE_TOKEN: "wrong" } })).code).toBe(0);
  });

  test("is missing: exit 7, and where to get one", async () => {
    await using running = await api();
    const { code, stderr } = await sluice(["status"], { env: { SLUICE_URL: running.url } });
    expect(code).toBe(7);
    expect(stderr).toMatch(/token/);
  });

  test("is wrong: exit 7", async () => {
    await using running = await api();
    expect(await sluice(["status", "--token", "wrong"], { env: { SLUICE_URL: running.url } })).toMatchObject({
      code: 7,
      stdout: "",
    });
  });

  test("of this machine's controller is never sent to another address", async () => {
    const seen: (string | undefined)[] = [];
    await using other = await otherServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end("{}");
    });
    await writeConfig(9);
    await writeFile(join(folder, "token"), "secret");
    await sluice(["status", "--url", other.url], { cwd: folder });
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every((header) => header === undefined)).toBe(true);
  });

  test("file that was named must be there, exit 7 with what to do", async () => {
    const { code, stderr } = await sluice(["status", "--url", "http://127.0.0.1:9", "--token-file", join(folder, "no")]);
    expect(code).toBe(7);
    expect(stderr).toContain("cannot read the token");
  });
});

describe("a controller", () => {
  test.each([["watch", "web"], ["start", "web"], ["advance", "web"], ["events"], ["status"]])(
    "that does not listen is said to be away: %s %s, exit 7",
    async (...args) => {
      await using gone = await otherServer(() => {});
      await gone[Symbol.asyncDispose]();
      const { code, stdout, stderr } = await sluice([...args.filter(Boolean), "--url", gone.url]);
      expect([code, stdout]).toEqual([7, ""]);
      expect(stderr).toContain(`no controller listens at ${gone.url}`);
      expect(stderr).toContain("sluice serve");
    },
  );

  test.each([404, 200])("that is another program, which answers %i, is told apart, exit 7", async (status) => {
    await using other = await otherServer((_, response) => {
      response.writeHead(status, { "content-type": "text/html" }).end("<h1>not here</h1>");
    });
    const { code, stderr } = await sluice(["status", "--url", other.url]);
    expect(code).toBe(7);
    expect(stderr).toContain(`answered ${status} (text/html), not as Sluice does`);
    expect(stderr).toContain("is another program listening there?");
  });

  test("is not followed to another host", async () => {
    let reached = false;
    await using elsewhere = await otherServer((_, response) => {
      reached = true;
      response.end('{"services":[]}');
    });
    await using other = await otherServer((_, response) => {
      response.writeHead(302, { location: elsewhere.url }).end();
    });
    expect((await sluice(["watch", "web", "--url", other.url])).code).toBe(7);
    expect(reached).toBe(false);
  });

  test("that hangs up in the middle of an answer is exit 7", async () => {
    await using other = await otherServer((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" }).write('{"services":');
      setTimeout(() => response.destroy(), 50);
    });
    expect((await sluice(["watch", "web", "--url", other.url])).code).toBe(7);
  });
});

describe("usage", () => {
  test.each([
    [["stat"]],
    [["status", "--nope"]],
    [["start"]],
    [["start", "web", "--timeout", "5"]],
    [["status", "-o", "xml"]],
    [[]],
  ])("%j is exit 2, on stderr", async (args) => {
    const { code, stdout, stderr } = await sluice(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).not.toBe("");
  });

  test("suggests the command that was meant", async () => {
    expect((await sluice(["statsu"])).stderr).toContain("Did you mean status?");
  });

  test("--help lists every command and every exit code on stdout, exit 0", async () => {
    const { code, stdout, stderr } = await sluice(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    const commands =
      "init check schema render serve demo status watch events version start switch advance promote pause resume abort retry members";
    for (const command of commands.split(" ")) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, "m"));
    for (const exit of [0, 1, 2, 3, 4, 5, 6, 7, 8, 130]) expect(stdout).toMatch(new RegExp(`^ +${exit} {2}\\S`, "m"));
  });

  test("--version is a word for version", async () => {
    const { code, stdout } = await sluice(["--version"], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^client \d+\.\d+\.\d+\nserver unknown: /);
  });
});
