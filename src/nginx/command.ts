import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { Ms } from "../core/units.ts";
import { BASELINE, type Capabilities, parseCapabilities } from "./capabilities.ts";
import { readMainContext } from "./main-context.ts";
import type { Master } from "./processes.ts";
import type { Drive } from "./settings.ts";

/** `text` is what was printed: not fit to be shown as it is. */
export type Tested =
  | { readonly is: "good" }
  | { readonly is: "bad"; readonly text: string }
  | { readonly is: "unable"; readonly text: string };

/** How nginx was built, as far as it matters here. */
export type Build = { readonly capabilities: Capabilities; readonly prefix: string; readonly errorLog: string | null };

/** Names in upstreams of the user's can take nginx this long to give up on. */
const TEST_MS: Ms = 60_000;
const RELOAD_MS: Ms = 30_000;

/** What `nginx -V` says; what every supported nginx can do where there is no binary to ask. */
export async function readBuild(drive: Drive): Promise<Build> {
  if (drive.by !== "local") return { capabilities: BASELINE, prefix: "", errorLog: null };
  const { stderr, exitCode, code } = await execa(drive.binary, ["-V"], { reject: false, timeout: TEST_MS });
  if (exitCode !== 0) throw new Error(`${drive.binary} -V cannot be run (${code ?? `exit ${exitCode}`}); put nginx.binary right`);
  return {
    capabilities: parseCapabilities(stderr),
    prefix: /--prefix=(\S+)/.exec(stderr)?.[1] ?? "",
    errorLog: /--error-log-path=(\S+)/.exec(stderr)?.[1] ?? null,
  };
}

/** `nginx -t` of everything, as the master would read it; `prefix` is the `-p` that it was started with. */
export async function testAll(drive: Drive, prefix: string | null): Promise<Tested> {
  if (drive.by === "signal") return { is: "good" };
  if (drive.by === "command") return drive.test === null ? { is: "good" } : run(drive.test, TEST_MS);
  return run([drive.binary, "-t", "-q", ...(prefix === null ? [] : ["-p", prefix]), "-c", drive.config], TEST_MS);
}

/** The command that tells a person what is wrong. */
export function testCommand(drive: Drive): string {
  if (drive.by === "local") return `run: ${drive.binary} -t -c ${drive.config}`;
  return drive.by === "signal" || drive.test === null ? "look into the error log of nginx" : `run: ${drive.test.join(" ")}`;
}

/** Tests files that lie nowhere yet; see `testFolder`. */
export async function testApart(
  drive: Drive,
  prefix: string,
  listen: string,
  files: ReadonlyMap<string, string>,
): Promise<Tested> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-test-"));
  try {
    await Promise.all([...files].map(([name, text]) => writeFile(join(folder, name), text)));
    return await testFolder(drive, prefix, listen, folder, [...files.keys()]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Tests the files of a folder in a main file of their own, so that the live ones need not be touched to find out that they are
 * bad.
 *
 * Nothing is taken from the user's main file but the modules that it loads, whose paths may be relative to `prefix`. `listen` is
 * the address of the status server, which the files listen on anyway, so that the test binds nothing more.
 */
export async function testFolder(
  drive: Drive,
  prefix: string,
  listen: string,
  folder: string,
  names: readonly string[],
): Promise<Tested> {
  if (drive.by !== "local") return { is: "good" };
  const own = await mkdtemp(join(tmpdir(), "sluice-test-"));
  try {
    const context = await readMainContext(drive.config, prefix);
    const modules = context.filter((one) => one.name === "load_module").map((one) => one.args[0] ?? "");
    const main = join(own, "main");
    await writeFile(main, mainFile(own, folder, listen, modules, names));
    const tested = await run([drive.binary, "-t", "-q", "-p", own, "-c", main], TEST_MS);
    return tested.is === "bad" ? { is: "bad", text: tested.text.replaceAll(`${folder}/`, APART) } : tested;
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** Stands for the folder of a test apart in what nginx printed. */
export const APART = "/sluice/";

function mainFile(own: string, folder: string, listen: string, modules: readonly string[], names: readonly string[]): string {
  const inside = names.flatMap((name) => {
    if (name.endsWith(".location.conf")) return [`location / { include ${folder}/${name}; }`];
    return name.endsWith(".server.conf") || name === "sluice.closing.conf" ? [`include ${folder}/${name};`] : [];
  });
  return [
    ...modules.map((path) => `load_module ${JSON.stringify(path)};`),
    `pid ${own}/pid;`,
    "error_log stderr;",
    "events {}",
    "http {",
    "access_log off; variables_hash_max_size 65536; map_hash_max_size 65536; map_hash_bucket_size 256;",
    `include ${folder}/*.http.conf;`,
    ...inside.map((text, index) => `server { listen ${listen}; server_name ${index}.sluice.test; ${text} }`),
    "}",
  ].join("\n");
}

/** HUP to a master that was just seen to be one, or the configured command. Null where it was sent, else why not. */
export async function signalReload(drive: Drive, master: Master | null): Promise<string | null> {
  if (drive.by === "command") {
    const done = await run(drive.reload, RELOAD_MS);
    return done.is === "good" ? null : `${drive.reload.join(" ")} failed: ${lastLine(done.text)}`;
  }
  if (master === null) return "nginx is not running";
  try {
    process.kill(master.pid, "SIGHUP");
    return null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EPERM")
      return `no right to signal nginx (pid ${master.pid}); run Sluice as the user of nginx's master, or set nginx.reload`;
    return `nginx (pid ${master.pid}) cannot be signalled: ${code}`;
  }
}

async function run(args: readonly string[], timeout: Ms): Promise<Tested> {
  const [file = "", ...rest] = args;
  const result = await execa(file, rest, { reject: false, timeout, stdin: "ignore" });
  if (result.exitCode === 0) return { is: "good" };
  if (result.timedOut) return { is: "unable", text: `${file} did not end within ${timeout} ms` };
  if (result.exitCode === undefined) return { is: "unable", text: `${file} cannot be run (${result.code ?? result.signal})` };
  return { is: "bad", text: result.stderr };
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
