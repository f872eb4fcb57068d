import { existsSync } from "node:fs";
import { chown, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root } from "../support/sources.ts";

/** Makes the running Node say that it is an old one. */
const OLD = [
  "--import",
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.1.0"}})',
];

/** Tells what it was given; ends as its argument says. */
const MAIN = `
  const [how, code] = process.argv.slice(2);
  if (how === "exit") process.exitCode = Number(code);
  if (how === "die") process.kill(process.pid, code);
  if (how === "wait") {
    process.on(code, () => { console.log("got " + code); process.exit(3); });
    setInterval(() => {}, 1000);
  }
  console.log(JSON.stringify({ pid: process.pid, args: process.argv.slice(2) }));
`;

let folder: string;
const bin = () => join(folder, "bin", "sluice.js");

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-bin-"));
  await cp(join(root, "bin"), join(folder, "bin"), { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
});

afterEach(() => rm(folder, { recursive: true }));

async function main(at: "src/main.ts" | "dist/main.js"): Promise<void> {
  await mkdir(join(folder, at, ".."), { recursive: true });
  await writeFile(join(folder, at), MAIN);
}

/** A Node that is new enough, where `npm ci` puts one. */
async function installNode(): Promise<void> {
  await mkdir(join(folder, "node_modules", "node", "bin"), { recursive: true });
  await symlink(process.execPath, join(folder, "node_modules", "node", "bin", "node"));
}

test("a checkout runs the sources, in the same process", async () => {
  await main("src/main.ts");
  await main("dist/main.js");
  await rm(join(folder, "dist"), { recursive: true });
  const child = execa(process.execPath, [bin(), "status", "web"]);
  expect(JSON.parse((await child).stdout)).toEqual({ pid: child.pid, args: ["status", "web"] });
});

test("an installed package keeps what it compiled in the home of whoever runs it, and in nobody else's", async () => {
  await main("dist/main.js");
  // Node keeps code from the second start of a file that is large enough to be worth it; the folder is there from the first one.
  const caches = async (home: string) => {
    await execa(process.execPath, [bin(), "exit", "0"], { env: { HOME: home, NODE_COMPILE_CACHE: undefined } });
    return existsSync(join(home, ".cache", "sluice"));
  };
  const own = join(folder, "own");
  const other = join(folder, "other");
  await Promise.all([mkdir(own), mkdir(other)]);
  expect(await caches(own)).toBe(true);
  if (process.getuid?.() === 0) {
    await chown(other, 65_534, 65_534);
    expect(await caches(other)).toBe(false);
  }
  expect(await caches(join(folder, "none"))).toBe(false);
});

test("an installed package runs what was built", async () => {
  await main("dist/main.js");
  const { stdout } = await execa(process.execPath, [bin(), "exit", "0"]);
  expect(JSON.parse(stdout).args).toEqual(["exit", "0"]);
});

test("an old Node hands over to the one of node_modules: arguments, output and exit code", async () => {
  await main("src/main.ts");
  await installNode();
  const result = await execa(process.execPath, [...OLD, bin(), "exit", "6"], { reject: false });
  expect(JSON.parse(result.stdout).args).toEqual(["exit", "6"]);
  expect(result.exitCode).toBe(6);
});

test("a signal reaches who was handed over to, and its end is ours", async () => {
  await main("src/main.ts");
  await installNode();
  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
    const child = execa(process.execPath, [...OLD, bin(), "wait", signal], { reject: false, stdin: "ignore" });
    child.stdout.once("data", () => child.kill(signal));
    const { stdout, exitCode } = await child;
    expect(stdout).toContain(`got ${signal}`);
    expect(exitCode).toBe(3);
  }
});

test("who was handed over to is asked to stop where we are killed and can pass nothing on", async () => {
  await main("src/main.ts");
  await installNode();
  const child = execa(process.execPath, [...OLD, bin(), "wait", "SIGTERM"], { reject: false, stdin: "ignore" });
  child.stdout.once("data", () => child.kill("SIGKILL"));
  // Its output ends with the last process that has it.
  const { stdout } = await child;
  expect(stdout).toContain("got SIGTERM");
});

test("an end by signal becomes 128 and its number", async () => {
  await main("src/main.ts");
  await installNode();
  const { exitCode } = await execa(process.execPath, [...OLD, bin(), "die", "SIGKILL"], { reject: false });
  expect(exitCode).toBe(137);
});

test("an old Node with no newer one at hand says what is needed", async () => {
  await main("dist/main.js");
  const { exitCode, stderr, stdout } = await execa(process.execPath, [...OLD, bin(), "exit", "0"], { reject: false });
  expect(exitCode).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^sluice needs Node 24 or newer, and this is v\d+.*Install a newer one/);
});
