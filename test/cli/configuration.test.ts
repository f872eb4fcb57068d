import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Ran, sluice } from "../support/cli.ts";
import { freePort } from "../support/ports.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-cli-"));
});

afterEach(() => rm(folder, { recursive: true }));

const run = (...args: string[]): Promise<Ran> => sluice(args, { cwd: folder });
const write = (text: string) => writeFile(join(folder, "sluice.yaml"), text);

const GOOD = `nginx: { config: ./nginx.conf, include: ./include, tables: ./tables }
services:
  web:
    routing: weighted
    stable: blue
    pools: { blue: { members: ["127.0.0.1:8001"] }, green: { members: ["127.0.0.1:8002"] } }
`;

describe("init", () => {
  test("writes a configuration that check finds nothing wrong with", async () => {
    const { code, stderr } = await run("init");
    expect(code).toBe(0);
    expect(stderr).toContain("wrote sluice.yaml");
    expect(await readFile(join(folder, "sluice.yaml"), "utf8")).toMatch(/^# /m);
    expect(await run("check")).toEqual({ code: 0, stdout: "", stderr: "sluice.yaml: nothing is wrong" });
  });

  test("never writes over a file unless told to", async () => {
    await write("mine");
    expect(await run("init")).toMatchObject({ code: 2, stdout: "" });
    expect(await readFile(join(folder, "sluice.yaml"), "utf8")).toBe("mine");
    expect((await run("init", "--force")).code).toBe(0);
    expect(await readFile(join(folder, "sluice.yaml"), "utf8")).not.toBe("mine");
  });
});

describe("check", () => {
  test("names file, line, column and path of everything that is wrong, with the line and a caret, exit 6", async () => {
    await write(GOOD.replace("routing:", "routin:").replace("8002", "99999"));
    const { code, stdout, stderr } = await run("check");
    expect(code).toBe(6);
    expect(stdout).toMatch(
      /^✖ error sluice\.yaml:4:5 services\.web\.routin: .*did you mean "routing"\?.*\n4 \| {5}routin: weighted\n {8}\^$/m,
    );
    expect(stdout).toMatch(/sluice\.yaml:6:\d+ services\.web\.pools\.green\.members\[0\]: /);
    expect(stderr).toBe("sluice.yaml: 2 errors, 0 warnings");
  });

  test("is a list of findings with -o json", async () => {
    await write(GOOD.replace("routing:", "routin:"));
    const { code, stdout } = await run("check", "-o", "json");
    expect(code).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject([
      { severity: "error", file: "sluice.yaml", line: 4, column: 5, path: "services.web.routin" },
    ]);
  });

  test.each([
    ["cannot be read", "{{name zone", /weighted\.http\.hbs:2:1 .*cannot be read/],
    ["asks for what there is not", "{{name zne}}", /weighted\.http\.hbs:2:1 .*a field that does not exist here/],
  ])("names a template that %s, and its line", async (_, part, said) => {
    await mkdir(join(folder, "mine"));
    await writeFile(join(folder, "mine", "weighted.http.hbs"), `upstream {{name upstream}} {\n    zone ${part} 64k;\n}\n`);
    await write(`templates: ./mine\n${GOOD}`);
    const { code, stdout } = await run("check");
    expect(stdout).toMatch(said);
    expect(code).toBe(6);
  });

  test("without any configuration says where it looked, exit 6", async () => {
    const { code, stderr } = await run("check");
    expect(code).toBe(6);
    expect(stderr).toContain("neither sluice.yaml nor /etc/sluice/sluice.yaml");
  });

  test("of a file that is not there is exit 6", async () => {
    const { code, stderr } = await run("status", "--config", "no.yaml");
    expect(code).toBe(6);
    expect(stderr).toContain("no.yaml");
  });
});

test("every command that needs a configuration shows what is wrong with it, exit 6", async () => {
  // A port of its own: at the usual one, a controller of this machine may answer.
  await write(`${GOOD.replace("routing:", "routin:")}api: { listen: "127.0.0.1:${await freePort()}" }\n`);
  for (const command of [["status"], ["render"], ["serve"], ["switch", "web"]]) {
    const { code, stdout, stderr } = await run(...command);
    expect([code, stdout]).toEqual([6, ""]);
    expect(stderr).toMatch(
      /^✖ error: the configuration cannot be used: one problem \(invalid-configuration\)\nsluice\.yaml:4:5 .*\n4 \| {5}routin: weighted\n {8}\^$/,
    );
  }
});

test("schema is the JSON Schema for editors", async () => {
  const { code, stdout } = await run("schema");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ type: "object", properties: { services: expect.anything() } });
});

describe("render", () => {
  beforeEach(async () => {
    await write(GOOD);
    await writeFile(join(folder, "nginx.conf"), "events {}\nhttp { include include/current/*.http.conf; }\n");
  });

  test("prints the files, and writes nothing", async () => {
    const { code, stdout } = await run("render");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# local: web\.http\.conf$/m);
    expect(stdout).toContain("upstream web {");
    await expect(readFile(join(folder, "include/current/web.http.conf"))).rejects.toThrow("ENOENT");
  });

  test("--diff shows what would change, --write changes it, and then nothing differs", async () => {
    expect((await run("render", "--diff")).stdout).toMatch(/^\+upstream web \{$/m);
    const written = await run("render", "--write");
    expect(written).toMatchObject({ code: 0 });
    expect(written.stderr).toMatch(/^local: wrote \d+ files$/);
    expect(await readFile(join(folder, "include/current/web.http.conf"), "utf8")).toContain("upstream web {");
    expect(await run("render", "--diff")).toEqual({ code: 0, stdout: "", stderr: "local: no difference" });
  });

  test.each(["include", "tables"])("names a file that is where the folder %s has to be", async (name) => {
    await write(GOOD);
    await writeFile(join(folder, name), "mine");
    const { code, stderr } = await run("render", "--write");
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`/${name} cannot be used \\(E.*\\): a file is where a folder has to be: move it away`));
    expect(await readFile(join(folder, name), "utf8")).toBe("mine");
  });
});
