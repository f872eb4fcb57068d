import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { examineSkew } from "../../src/app/doctor/clock.ts";
import type { NginxTarget } from "../../src/config/config.ts";
import { Stack } from "../end-to-end/stack.ts";
import { sluice } from "../support/cli.ts";
import { freePort } from "../support/ports.ts";

type Check = { readonly area: string; readonly is: string; readonly text: string; readonly fix: string | null };

const of = (out: string): readonly Check[] => (JSON.parse(out) as { checks: Check[] }).checks;
const wrong = (out: string) => of(out).filter(({ is }) => is !== "ok");

describe("doctor", () => {
  test("finds nothing where all is well, and names what is not", { timeout: 60_000 }, async () => {
    await using stack = await Stack.start({});
    await stack.serve();
    const well = await stack.cli("doctor", "-o", "json");
    // The nginx of a test lies in a folder that does not last, and limits no tries: that is all.
    expect([...new Set(wrong(well.out).map(({ area, is }) => `${area} ${is}`))]).toEqual(["nginx configuration warn"]);
    expect(well.code).toBe(0);
    const areas = ["configuration", "nginx", "folders", "served", "nginx configuration", "clock", "store", "ports", "controller"];
    expect([...new Set(of(well.out).map(({ area }) => area))]).toEqual(areas);
    expect(well.out).toContain("a controller drives this state");
    expect(well.out).toContain("it knows you as admin");

    const stranger = await stack.cli("doctor", "-o", "json", "--token", "wrong");
    expect(stranger.code).toBe(1);
    expect(wrong(stranger.out)).toContainEqual(expect.objectContaining({ area: "controller", is: "fail" }));

    // Nobody reads the files any more: the include is gone from nginx's own configuration.
    const main = await readFile(stack.nginx.config, "utf8");
    await writeFile(stack.nginx.config, main.replaceAll(/include [^;]*\/current\/[^;]*\.http\.conf;/g, ""));
    const apart = await stack.cli("doctor");
    expect(apart.code).toBe(6);
    expect(apart.out).toMatch(/✖ fail .*no include in http brings in Sluice's/);
    expect(apart.out).toMatch(/try: Add to .*nginx\.conf/);
    await writeFile(stack.nginx.config, main);

    await stack.nginx.stop();
    const stopped = await stack.cli("doctor", "-o", "json");
    expect(stopped.code).toBe(1);
    const bad = wrong(stopped.out).map(({ area, is }) => `${area} ${is}`);
    expect(bad).toEqual(expect.arrayContaining(["nginx warn", "served fail"]));
  });
});

describe("the clock of nginx's host", () => {
  /** What answers at the status address, with the date of a host whose clock is off by so much. */
  async function clockOff(byMs: number): Promise<AsyncDisposable & { readonly target: NginxTarget }> {
    const server = createHttpServer((_, response) => {
      response.sendDate = false;
      response.setHeader("date", new Date(Date.now() + byMs).toUTCString()).end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const status = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const drive = { by: "signal", config: null, pid: "/run/nginx.pid" } as const;
    const target = { name: "edge", drive, include: "/i", tables: "/t", status, closingMs: 0, deadlineMs: 0 };
    const stop = () => new Promise<void>((resolve) => server.close(() => resolve()));
    return { target, [Symbol.asyncDispose]: stop };
  }

  test.each([
    [0, "ok", "edge: nginx has the same time"],
    [-60_000, "warn", "edge: nginx's host is 60 s behind this one"],
    [3_599_999, "warn", "edge: nginx's host is 3600 s ahead of this one"],
  ])("is compared with this one's: %i ms", async (byMs, is, text) => {
    await using off = await clockOff(byMs);
    expect(await examineSkew(off.target)).toMatchObject({ is, text });
  });
});

describe("doctor without a controller", () => {
  let folder: string;
  let port: number;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-doctor-"));
    port = await freePort();
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function configured(more = ""): Promise<string> {
    const file = join(folder, "sluice.yaml");
    const pools = "pools: { blue: { members: [127.0.0.1:8001] }, green: { members: [127.0.0.1:8002] } }";
    const nginx = `nginx: { test: none, pid: ${folder}/nginx.pid, include: ${folder}/include, tables: ${folder}/tables }`;
    await writeFile(
      file,
      `api: { listen: 127.0.0.1:${port} }\nstate: ${folder}/state\n${nginx}\nservices:\n  web: { stable: blue, ${pools} }\n${more}`,
    );
    return file;
  }

  test("says what there is to do first, and changes nothing", async () => {
    const { code, stdout } = await sluice(["doctor", "-o", "json", "--config", await configured()]);
    expect(code).toBe(0);
    expect(wrong(stdout).map(({ area, fix }) => `${area}: ${fix}`)).toEqual([
      "nginx: start nginx; `sluice serve` waits for it",
      "served: sluice render --write",
      "controller: sluice serve",
    ]);
    expect(stdout).toContain("state is not there yet and can be made");
  });

  test("shows every place of a configuration that cannot be used, exit 6", async () => {
    const { code, stdout, stderr } = await sluice([
      "doctor",
      "--config",
      await configured("    colour: red\n  shop: { stable: blue }\n"),
    ]);
    expect(code).toBe(6);
    expect(stdout).toMatch(/✖ fail {2}.*sluice\.yaml:\d+/);
    expect(stderr).toMatch(/failed$/);
  });

  test("finds a state that others may write to, and a port that is taken, exit 1", async () => {
    const config = await configured();
    await mkdir(join(folder, "state"));
    await chmod(join(folder, "state"), 0o777);
    await writeFile(join(folder, "include"), "");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    server.on("connection", (socket) => socket.destroy());
    const { code, stdout } = await sluice(["doctor", "-o", "json", "--config", config]);
    await new Promise((resolve) => server.close(resolve));
    expect(code).toBe(1);
    const texts = wrong(stdout).map(({ is, text }) => `${is} ${text}`);
    expect(texts).toContainEqual(expect.stringMatching(/^fail .*state can be written by others \(mode 0777\)$/));
    expect(texts).toContainEqual(expect.stringMatching(/^fail local: nginx\.include: .*include is no folder$/));
    expect(texts).toContainEqual(expect.stringMatching(new RegExp(`^fail api\\.listen: 127\\.0\\.0\\.1:${port} .*EADDRINUSE`)));
  });

  test("is a list of names with -o name: what is not as it should be", async () => {
    const { stdout } = await sluice(["doctor", "-o", "name", "--config", await configured()]);
    expect(stdout.split("\n")).toEqual(["warn nginx", "warn served", "warn controller"]);
  });
});
