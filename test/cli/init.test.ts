import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type Ran, sluice } from "../support/cli.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-init-"));
});

afterEach(() => rm(folder, { recursive: true }));

const run = (...args: string[]): Promise<Ran> => sluice(args, { cwd: folder });
const written = async (file = "sluice.yaml") => parse(await readFile(join(folder, file), "utf8"));

/** Writes an nginx.conf; `http` is what stands in its http block, a line each. */
async function nginxConf(http: readonly string[], main = ""): Promise<string> {
  const file = join(folder, "nginx.conf");
  const logs = `error_log ${folder}/error.log;`;
  await writeFile(file, `${logs} ${main}\nevents {}\nhttp {\naccess_log off;\n${http.join("\n")}\n}\n`);
  return file;
}

const SITE = [
  "upstream web { server 127.0.0.1:8001; }",
  "server {",
  "listen 127.0.0.1:18099;",
  "location / {",
  "proxy_pass http://web;",
  "}",
  "}",
];

describe("init --nginx", () => {
  test("of a file that is not there names it, and writes nothing, exit 6", async () => {
    const { code, stderr } = await run("init", "--nginx", "/no/such/nginx.conf");
    expect(code).toBe(6);
    expect(stderr).toContain("cannot read /no/such/nginx.conf: ENOENT");
    await expect(written()).rejects.toThrow("ENOENT");
  });

  test("of a file without upstreams says so, and writes an example", async () => {
    const file = await nginxConf([]);
    const { code, stderr } = await run("init", "--nginx", "nginx.conf");
    expect(code).toBe(0);
    expect(stderr).toContain(`no upstreams found in ${file}; wrote an example`);
    expect((await written()).services.web.pools.green.members).toHaveLength(2);
  });

  test("names nginx's files as they are found from anywhere, and its pid file", async () => {
    const file = await nginxConf(SITE, `pid ${folder}/own.pid;`);
    await mkdir(join(folder, "sub"));
    expect((await run("init", "--nginx", "nginx.conf", "sub/sluice.yaml")).code).toBe(0);
    expect((await written("sub/sluice.yaml")).nginx).toMatchObject({ config: file, pid: `${folder}/own.pid` });
  });

  test("numbers the lines of the untouched file, and goes from its end to its beginning", async () => {
    await nginxConf(SITE);
    const { stdout } = await run("init", "--nginx", "nginx.conf");
    expect(stdout).toMatch(/^Line numbers are those of the files as they are now\. /);
    const heads = stdout.split("\n").filter((line) => /^(Add|In|Remove) /.test(line));
    const lines = heads.map((line) => Number(/\blines? (\d+)/.exec(line)?.[1]));
    expect(lines.length).toBeGreaterThan(3);
    expect(lines).toEqual(lines.toSorted((a, b) => b - a));
  });

  test("of one that includes Sluice's files already proposes none of them", async () => {
    const current = join(folder, "own", "current");
    await mkdir(current, { recursive: true });
    await writeFile(join(current, "00-sluice.http.conf"), "");
    await writeFile(join(current, "web.http.conf"), "upstream web { server 127.0.0.1:8001; }\n");
    await writeFile(join(current, "sluice.closing.conf"), "");
    const file = await nginxConf([`include ${current}/*.http.conf;`, ...SITE.slice(1)]);
    const { code, stdout, stderr } = await run("init", "--nginx", "nginx.conf");
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toContain(`${file} is set up already: it includes Sluice's files in ${folder}/own`);
    const { nginx, services } = await written();
    expect([nginx.include, Object.keys(services)]).toEqual([join(folder, "own"), ["web"]]);
  });
});

test("init into a folder that is not there says how to make it, exit 2", async () => {
  const { code, stderr } = await run("init", "no/such/sluice.yaml");
  expect(code).toBe(2);
  expect(stderr).toContain(`there is no folder ${folder}/no/such`);
  expect(stderr).toContain(`mkdir -p ${folder}/no/such`);
});
