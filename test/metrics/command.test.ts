// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { CommandMetric } from "../../src/core/service.ts";
import { createCommand } from "../../src/metrics/command.ts";
import { commandMetric, filling, readOnce, subject } from "../support/numbers.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-command-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What `sh -c SCRIPT` is taken for. */
async function said(script: string, more: Partial<CommandMetric> = {}, env: Record<string, string> = {}) {
  await using source = createCommand(filling(env), { PATH: process.env.PATH, LEAKED: "yes" });
  return await readOnce(source, commandMetric(["sh", "-c", script], more));
}

test.each<[string, string, string, unknown]>([
  ["the last line", "echo 5; echo 0.25", "number", 0.25],
  ["a line without an end", "printf ' 1e-3 '", "number", 0.001],
  ["blank lines after it", "printf '7\\n\\n\\n'", "number", 7],
  ["NaN", "echo NaN", "lacking", "the last line of sh is NaN: there is nothing to compute it from yet"],
  ["-Inf", "echo -Inf", "broken", "the last line of sh is -Infinity, not a finite number"],
  ["a word", "echo 1; echo done", "broken", "the last line of sh is not a number"],
  ["a number with its unit", "echo 5%", "broken", "the last line of sh is not a number"],
  ["nothing", "true", "broken", "sh said nothing"],
  ["a number on the error output", "echo 5 >&2", "broken", "sh said nothing"],
  ["a failure with a number", "echo 5; echo no luck >&2; exit 3", "broken", "sh ended with 3: no luck"],
  ["a signal", "kill -TERM $$", "broken", "sh was ended by SIGTERM"],
  ["too much", "yes", "broken", "sh said more than 100000 characters"],
])("%s", async (_what, script, is, says) => {
  expect(await said(script)).toMatchObject({ is, says });
});

test("a program that is not there", async () => {
  await using source = createCommand(filling({}), {});
  expect(await readOnce(source, commandMetric(["/no/such/program"]))).toMatchObject({
    is: "broken",
    says: "/no/such/program cannot be run (ENOENT)",
  });
});

test("names are filled into arguments and variables, and no shell reads them", async () => {
  const seen = join(folder, "seen");
  await using source = createCommand(filling({ KEY: "from outside" }), { PATH: process.env.PATH, LEAKED: "yes" });
  const script = `printf '%s|' "$1" "$2" "$V" "$K" "$LEAKED" > ${seen}; echo 1`;
  const metric = commandMetric(["sh", "-c", script, "x", "{{pool}} of {{service}}", "{{version}}"], {
    env: { V: { from: "text", text: "{{window}}" }, K: { from: "text", text: "${KEY}" } },
  });
  expect((await readOnce(source, metric, subject({ version: "$(touch /tmp/x); ${KEY}" }))).is).toBe("number");
  expect(await readFile(seen, "utf8")).toBe("green of web|$(touch /tmp/x); ${KEY}|10s|from outside||");
});

test("what it was told in confidence is not told again", async () => {
  const { evidence } = await said(
    'echo "cannot log in as $PW" >&2; exit 1',
    { env: { PW: { from: "text", text: "${PW}" } } },
    { PW: "hunter2" },
  );
  expect(evidence.problem).toBe("sh ended with 1: cannot log in as ***");
});

test("one that does not end is ended, with all that it started", async () => {
  const pids = join(folder, "pids");
  const begun = performance.now();
  const { says } = await said(`sleep 60 & echo $! > ${pids}; echo 1; wait`, { timeoutMs: 400 });
  expect(says).toBe("sh did not end within 0.4 s");
  expect(performance.now() - begun).toBeLessThan(5_000);
  const pid = Number(await readFile(pids, "utf8"));
  await vi.waitFor(async () => expect(await stateOf(pid)).toMatch(/^(Z|gone)$/), { timeout: 5_000 });
});

/** The letter of a process' state. */
async function stateOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat === "" ? "gone" : (stat.slice(stat.lastIndexOf(")") + 2)[0] ?? "");
}
