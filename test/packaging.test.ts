import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startApi } from "./support/api.ts";
import { freePort } from "./support/ports.ts";
import { ScriptedControl } from "./support/scripted-control.ts";
import { root } from "./support/sources.ts";
import { ended, serviceView } from "./support/views.ts";

/** What is no part of the checkout, or takes part by a link. */
const LEFT_OUT = new Set(["node_modules", ".git", "dist", "coverage"]);

const CONFIGURATION = `
state: HERE/state
nginx: { include: HERE/include, tables: HERE/tables, status: 127.0.0.1:7071 }
services:
  web:
    routing: live
    stable: blue
    pools:
      blue:  { members: [127.0.0.1:8001] }
      green: { members: [127.0.0.1:8002] }
`;

let folder: string;
/** The files of the package, as `npm publish` would send them. */
let files: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-package-"));
  const checkout = await copyCheckout();
  // `prepack` builds.
  const packed = await execa("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: checkout,
    reject: false,
    all: true,
  });
  expect(packed.exitCode, packed.all).toBe(0);
  // README hands the answer to `npm install`: nothing but the name of the file.
  expect(packed.stdout).toMatch(/^sluice-[\d.]+\.tgz$/);
  files = await install(join(folder, basename(packed.stdout)));
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** A copy, so that building it changes nothing for whoever works in the checkout. */
async function copyCheckout(): Promise<string> {
  const copy = join(folder, "checkout");
  for (const name of await readdir(root)) {
    if (!LEFT_OUT.has(name)) await cp(join(root, name), join(copy, name), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** Unpacks a package where it finds what it names as its dependencies and nothing else: no network, nothing of the checkout. */
async function install(tarball: string): Promise<readonly string[]> {
  const modules = join(folder, "elsewhere", "node_modules");
  await mkdir(join(modules, "sluice"), { recursive: true });
  await execa("tar", ["-xzf", tarball, "--strip-components=1", "-C", join(modules, "sluice")]);
  const { dependencies } = JSON.parse(await readFile(join(modules, "sluice", "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(root, "node_modules", name), join(modules, name));
  }
  const { stdout } = await execa("tar", ["-tzf", tarball]);
  return stdout.split("\n").map((name) => name.replace(/^package\//, ""));
}

/** Runs the installed command in an empty folder, with nothing of npm's or of the checkout in its environment. */
function sluice(...args: string[]) {
  const command = join(folder, "elsewhere", "node_modules", "sluice", "bin", "sluice.js");
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
  return execa(process.execPath, [command, ...args], { cwd: join(folder, "elsewhere"), env, extendEnv: false, reject: false });
}

async function configuration(text: string): Promise<string> {
  const file = join(folder, "elsewhere", "sluice.yaml");
  await writeFile(file, text.replaceAll("HERE", folder));
  return file;
}

test("the package holds the build, the templates, the schema, the examples and the papers", () => {
  for (const name of [
    "package.json",
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "bin/sluice.js",
    "dist/main.js",
    "dist/main.d.ts",
    "dist/dashboard/index.html",
    "schema/sluice.schema.json",
  ]) {
    expect(files).toContain(name);
  }
  expect(files.filter((name) => name.startsWith("templates/")).length).toBeGreaterThan(3);
  expect(files.filter((name) => /^examples\/.*\.yaml$/.test(name)).length).toBeGreaterThan(0);
});

test("the package holds no source, no test, no map of either, and nothing that was forgotten", () => {
  const known =
    /^(package\.json|LICENSE|README\.md|CHANGELOG\.md|templates\/README\.md|bin\/[\w-]+\.js|dist\/[\w/-]+\.(js|d\.ts)|dist\/dashboard\/(index\.html|assets\/[\w-]+\.(css|svg))|templates\/[\w.-]+\.hbs|schema\/[\w.]+\.json|examples\/[\w/.-]+)$/;
  expect(files.filter((name) => !known.test(name))).toEqual([]);
  expect(files.filter((name) => /\.(test|spec)\.|(^|\/)(test|fixtures|simulation|support|src)\//.test(name))).toEqual([]);
});

test("every import of the build has its ending rewritten", async () => {
  const dist = join(folder, "elsewhere", "node_modules", "sluice", "dist");
  const built = (await readdir(dist, { recursive: true })).filter((name) => name.endsWith(".js"));
  expect(built.length).toBeGreaterThan(50);
  for (const name of built) expect(await readFile(join(dist, name), "utf8"), name).not.toMatch(/(from|import\() ?"\.[^"]*\.ts"/);
});

test("the installed command tells its version", async () => {
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const { stdout } = await sluice("version");
  expect(stdout).toContain(`client ${version}`);
});

test("the installed command prints the schema", async () => {
  const { stdout, exitCode } = await sluice("schema");
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ title: "sluice.yaml", properties: { services: expect.anything() } });
});

test("the installed command checks a configuration, and finds what is wrong with another", async () => {
  const good = await sluice("check", "-c", await configuration(CONFIGURATION));
  expect(good.exitCode, good.stderr + good.stdout).toBe(0);
  const bad = await sluice("check", "-c", await configuration(CONFIGURATION.replace("stable: blue", "stable: red")));
  expect(bad.exitCode).toBe(6);
  expect(bad.stdout + bad.stderr).toMatch(/sluice\.yaml:\d+:\d+.*stable/);
});

/** What somebody else's program looks like. */
const PROGRAM = `import { connect, SluiceError } from "sluice/client";
const sluice = connect({ url: process.argv[2], token: "wrong", timeoutMs: 2000 });
await sluice.services().catch((error) => {
  if (!(error instanceof SluiceError)) throw error;
  console.log(error.kind, typeof sluice.follow, process.version);
});
`;

const TYPED = `import { connect, type RolloutView } from "sluice/client";
const sluice = connect({ url: "http://127.0.0.1:7070", token: process.env.TOKEN });
const started = await sluice.start("web", { strategy: "canary", to: "green" });
if (started.is === "started") {
  const ended: RolloutView = await sluice.ended(started.rollout.id, { onEvent: ({ text }) => console.log(text.trim()) });
  // @ts-expect-error the phases are known
  if (ended.phase === "flying") throw new Error();
}
// @ts-expect-error as are the strategies
await sluice.start("web", { strategy: "yolo" });
// @ts-expect-error and what a token may do
await sluice.createToken({ name: "ci", scope: "root" });
`;

test("the client can be imported from the package, alone, by this Node and by the one of the machine", async () => {
  const file = join(folder, "elsewhere", "program.mjs");
  await writeFile(file, PROGRAM);
  for (const node of [process.execPath, "/usr/bin/node"]) {
    const { stdout } = await execa(node, ["--version"], { reject: false });
    if (Number(/^v(\d+)/.exec(stdout ?? "")?.[1] ?? 0) < 20) continue;
    const got = await execa(node, [file, `http://127.0.0.1:${await freePort()}`], { reject: false });
    expect(got.stdout, got.stderr).toBe(`nobody function ${stdout}`);
  }
});

test.each([
  ["promoted", 0],
  ["reverted", 1],
] as const)(
  "the example for pipelines runs from the package, and a rollout that is %s ends the job with %i",
  async (phase, exit) => {
    const control = new ScriptedControl(serviceView());
    const last = ended(phase, "as the test says");
    control.reactions.start = (service) => ({ ...service, rollout: last });
    control.happen({ kind: phase, rollout: last.id, text: "the last step" });
    await using api = await startApi(control);
    const file = join(folder, "elsewhere", "node_modules", "sluice", "examples", "ci", "canary.mjs");
    const env = { SLUICE_URL: api.url, SLUICE_TOKEN: api.token, VERSION: "v42" };
    const { exitCode, stdout, stderr } = await execa(process.execPath, [file], { env, extendEnv: false, reject: false });
    expect(exitCode, stderr).toBe(exit);
    expect(stdout).toContain(`${last.id} ${phase}: as the test says`);
    expect(stdout).toContain("the last step");
    expect(control.calls[0]).toMatchObject({ verb: "start", input: { strategy: "canary", version: "v42" } });
  },
);

test("the page about the client shows that example as it is", async () => {
  const example = await readFile(join(root, "examples/ci/canary.mjs"), "utf8");
  expect(await readFile(join(root, "docs/client.md"), "utf8")).toContain(`\`\`\`js\n${example}\`\`\``);
});

test("the client's types are in the package, and hold", async () => {
  const at = join(folder, "elsewhere");
  await mkdir(join(at, "node_modules", "@types"), { recursive: true });
  await symlink(join(root, "node_modules", "@types", "node"), join(at, "node_modules", "@types", "node"));
  await writeFile(join(at, "typed.mts"), TYPED);
  const options = [
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--exactOptionalPropertyTypes",
    "--module",
    "nodenext",
    "--types",
    "node",
  ];
  const { exitCode, stdout } = await execa(join(root, "node_modules/.bin/tsc"), [...options, "--target", "es2022", "typed.mts"], {
    cwd: at,
    reject: false,
  });
  expect(exitCode, stdout).toBe(0);
});

test("the installed command finds its templates", async () => {
  const { stdout, exitCode, stderr } = await sluice("render", "-c", await configuration(CONFIGURATION));
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toContain("upstream web_blue");
  expect(existsSync(join(folder, "state", "sluice.db"))).toBe(false);
});
