import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, describe, expect, test } from "vitest";
import { EXIT, EXIT_HELP } from "../../src/cli/exit.ts";
import type { Io } from "../../src/cli/io.ts";
import { run } from "../../src/cli/program.ts";
import { freePort } from "../support/ports.ts";
import { commandLines } from "./command-lines.ts";
import { marked, readPages } from "./pages.ts";

const cwd = mkdtempSync(join(tmpdir(), "sluice-docs-"));
mkdirSync(join(cwd, "etc/sluice"), { recursive: true });
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** Runs a command line where there is neither a configuration nor a controller: what is wrong with its words is told first. */
async function said(args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  let text = "";
  const screen = () =>
    new PassThrough().on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  const io: Io = {
    argv: args,
    env: { SLUICE_URL: `http://127.0.0.1:${await freePort()}` },
    cwd,
    stdin: new PassThrough(),
    stdout: screen(),
    stderr: screen(),
    wall: Date.now,
    mono: () => performance.now(),
    interruptible: () => new AbortController().signal,
    onHangup: () => {},
  };
  const silent = () => {};
  const openLog = async () => ({ debug: silent, info: silent, warn: silent, error: silent });
  const code = await run(io, { openLog, runDemo: async () => EXIT.reached });
  return { code, text };
}

/** Paths below /etc are those of a machine that the reader has; here they are below a folder of the test. */
function here(args: readonly string[]): readonly string[] {
  const moved = args.map((arg) => (arg.startsWith("/etc/") ? join(cwd, arg) : arg));
  if (moved[0] !== "init") return moved;
  // Without a file, `init` would write one where the test runs.
  return [...moved, "--force", ...(moved.some((arg) => arg.endsWith(".yaml")) ? [] : [join(cwd, "sluice.yaml")])];
}

describe("every command line that a page shows is one", () => {
  for (const page of readPages()) {
    const lines = commandLines(page);
    if (lines.length === 0) continue;
    test(page.path, async () => {
      for (const { text, args } of lines) {
        const { code, text: answer } = await said(here(args));
        expect(code, `${text}\n${answer}`).not.toBe(EXIT.usage);
        expect(code, `${text}\n${answer}`).not.toBe(EXIT.unexpected);
      }
    });
  }

  test("and a line that is none is found", async () => {
    expect((await said(["swich", "web"])).code).toBe(EXIT.usage);
    expect((await said(["start", "web", "--no-such-option"])).code).toBe(EXIT.usage);
    expect((await said(["start", "web", "--steps", "5 percent"])).code).toBe(EXIT.usage);
  });
});

describe("docs/cli.md", () => {
  const page = readPages().find(({ path }) => path === "docs/cli.md");

  test("has every command in its table", async () => {
    const { text } = await said(["--help"]);
    const commands = [...text.matchAll(/^ {2}(?<name>[a-z]+) /gm)].map((match) => match.groups?.name ?? "");
    expect(commands.length).toBeGreaterThan(15);
    const missing = commands.filter((name) => name !== "help" && !page?.text.includes(`| \`sluice ${name}`));
    expect(missing).toEqual([]);
  });

  test("has the exit codes of --help", () => {
    const codes = EXIT_HELP.replace("\nExit codes:\n", "");
    expect(page === undefined ? null : marked(page, "exit codes")).toBe(`\`\`\`text\n${codes}\n\`\`\``);
  });
});
