import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RunningApi, startApi } from "../support/api.ts";
import { sluice } from "../support/cli.ts";
import { freePort } from "../support/ports.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { root } from "../support/sources.ts";
import { rolloutView, serviceView } from "../support/views.ts";

let api: RunningApi;

beforeEach(async () => {
  const control = new ScriptedControl(serviceView({ rollout: rolloutView() }), serviceView({ name: "shop" }));
  control.put(serviceView({ rollout: rolloutView({ id: "web-2" }) }));
  api = await startApi(control);
});
afterEach(() => api[Symbol.asyncDispose]());

const env = () => ({ SLUICE_URL: api.url, SLUICE_TOKEN: api.token });

/** The words that may stand in place of the last one. */
async function completed(...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await sluice(["__complete", "--", ...words], { env: env() });
  expect([code, stderr]).toEqual([0, ""]);
  return stdout === "" ? [] : stdout.split("\n").map((line) => line.split("\t")[0] ?? "");
}

describe("a word is completed", () => {
  test.each([
    ["a command", ["sta"], ["status", "start"]],
    ["a command after options of the program", ["-o", "json", "--no-color", "ev"], ["events"]],
    ["a service", ["status", ""], ["web", "shop"]],
    ["a pool of that service", ["switch", "web", ""], ["blue", "green"]],
    ["a pool as an option", ["start", "web", "--to", "g"], ["green"]],
    ["an option with its value in one word", ["start", "web", "--to=g"], ["--to=green"]],
    ["a rollout", ["explain", ""], ["web-2", "web-1"]],
    ["a rollout as an option", ["events", "--rollout", "web-1"], ["web-1"]],
    ["members of the pool that is named", ["members", "web", "green", "drain", ""], ["127.0.0.1:8003", "127.0.0.1:8004"]],
    ["members that are not named yet", ["members", "web", "green", "drain", "127.0.0.1:8003", "127.0.0.1:8"], ["127.0.0.1:8004"]],
    ["an action", ["members", "web", "green", "dr"], ["drain"]],
    ["a choice", ["status", "-o", "j"], ["json"]],
    ["an option of the command", ["start", "web", "--st"], ["--strategy", "--steps"]],
    ["a file", ["--config", ""], [":files"]],
    ["a command to get help for", ["help", "ab"], ["abort"]],
    ["nothing where nothing may follow", ["status", "web", ""], []],
    ["nothing where there is no such thing", ["switch", "nosuch", ""], []],
  ])("%s", async (_, words, expected) => {
    expect(await completed(...words)).toEqual(expected);
  });

  test("by nothing but commands and options where no controller answers, and without a word about it", async () => {
    const address = `http://127.0.0.1:${await freePort()}`;
    expect(await completed("status", "--url", address, "")).toEqual([]);
    expect(await completed("--url", address, "abo")).toEqual(["abort"]);
  });

  test("by the names of tokens, where they can be taken back", async () => {
    await sluice(["token", "create", "ci", "--scope", "read"], { env: env() });
    expect(await completed("token", "revoke", "")).toEqual(["ci"]);
    expect(await completed("token", "create", "")).toEqual([]);
  });

  test("never by the command that the scripts ask", async () => {
    expect(await completed("_")).toEqual([]);
    expect((await sluice(["--help"])).stdout).not.toContain("__complete");
  });
});

describe("the script", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-completion-"));
    await mkdir(join(folder, "bin"));
    await writeFile(join(folder, "bin", "sluice"), `#!/bin/sh\nexec "${process.execPath}" "${join(root, "src/main.ts")}" "$@"\n`);
    await chmod(join(folder, "bin", "sluice"), 0o755);
    await writeFile(join(folder, "notes.yaml"), "");
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** What a shell says that is given `text` to read. */
  async function shell(name: string, args: readonly string[], text: string): Promise<string> {
    const PATH = `${join(folder, "bin")}:${process.env.PATH}`;
    const { stdout } = await execa(name, [...args, text], {
      cwd: folder,
      env: { ...env(), PATH, HOME: folder, LANG: "C.UTF-8" },
    });
    return stdout;
  }

  async function installed(name: string): Promise<boolean> {
    return execa(name, ["--version"]).then(
      () => true,
      () => false,
    );
  }

  /** Has bash complete a line as readline would, and prints what it found. */
  const bash = (line: string) =>
    shell(
      "bash",
      ["--norc", "-c"],
      `source <(sluice completion bash); COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; COMP_WORDBREAKS=$' \\t\\n"=:'; _sluice 2>&1; printf '%s\\n' "\${COMPREPLY[@]}"`,
    );

  test("of bash completes commands, names, what comes after a colon, and files", async () => {
    expect((await bash("sluice abo")).split("\n")).toEqual(["abort"]);
    expect((await bash("sluice status ")).split("\n")).toEqual(["web", "shop"]);
    expect((await bash("sluice members web green drain 127.0.0.1:8003 127.0.0.1:")).split("\n")).toEqual(["8004"]);
    expect((await bash("sluice start web --to=")).split("\n")).toEqual(["blue", "green"]);
    expect((await bash("sluice --config no")).split("\n")).toEqual(["notes.yaml"]);
  });

  test("of zsh completes commands and names", async ({ skip }) => {
    if (!(await installed("zsh"))) skip("zsh is not installed");
    // What zsh would show, by a completer that prints what it is given.
    const zsh = (...words: string[]) =>
      shell(
        "zsh",
        ["-f", "-c"],
        `compdef() { : }; source <(sluice completion zsh); _describe() { print -rl -- "\${values[@]}" }; _files() { print files }; words=(${words.map((word) => `'${word}'`).join(" ")}); CURRENT=\${#words}; _sluice`,
      );
    expect((await zsh("sluice", "abo")).split("\n")[0]).toMatch(/^abort:send the traffic back/);
    expect(await zsh("sluice", "status", "")).toBe("web:service\nshop:service");
    expect(await zsh("sluice", "members", "web", "green", "drain", "127.0.0.1:8003", "")).toBe("127.0.0.1\\:8004:member");
    expect(await zsh("sluice", "--config", "")).toBe("files");
  });

  test("of fish completes commands, names and files", async ({ skip }) => {
    if (!(await installed("fish"))) skip("fish is not installed");
    const fish = (line: string) => shell("fish", ["--no-config", "-c"], `sluice completion fish | source; complete -C '${line}'`);
    expect(await fish("sluice abo")).toMatch(/^abort\tsend the traffic back/);
    expect((await fish("sluice status ")).split("\n").sort()).toEqual(["shop\tservice", "web\tservice"]);
    expect(await fish("sluice start web --to=g")).toBe("--to=green\tpool");
    expect(await fish("sluice --config no")).toContain("notes.yaml");
  });

  test("is for shells that are known, and says which", async () => {
    const { code, stderr } = await sluice(["completion", "tcsh"]);
    expect(code).toBe(2);
    expect(stderr).toContain("Allowed choices are bash, zsh, fish");
  });
});
