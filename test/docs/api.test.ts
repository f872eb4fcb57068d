import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiError, type Code, problem } from "../../src/api/problem.ts";
import { Problem } from "../../src/api/schemas/problem.ts";
import { type RunningApi, startApi } from "../support/api.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { root } from "../support/sources.ts";
import { checkView, memberView, rolloutView, serviceView } from "../support/views.ts";
import { wordsOf } from "./command-lines.ts";
import { blocksOf, marked, readPages } from "./pages.ts";

const page = readPages().find(({ path }) => path === "docs/api.md");
if (page === undefined) throw new Error("docs/api.md is missing");

describe("the problem codes of docs/api.md", () => {
  const rows = [...(marked(page, "codes") ?? "").matchAll(/^\| `(?<code>[a-z-]+)` \| (?<status>\d+) \| [^|]+ \| [^|]+ \|$/gm)];

  test("are those of the program, each with its meaning and what to do", () => {
    const source = readFileSync(join(root, "src/api/problem.ts"), "utf8");
    const table = /const STATUSES[^{]*\{(?<rows>[^}]*)\}/.exec(source)?.groups?.rows ?? "";
    const codes = [...table.matchAll(/^\s*"?(?<code>[a-z-]+)"?: \d+,$/gm)].map((match) => match.groups?.code);
    expect(codes.length).toBeGreaterThan(30);
    expect(rows.map((row) => row.groups?.code).toSorted()).toEqual(codes.toSorted());
  });

  test("have the statuses of the program", () => {
    for (const { groups } of rows) {
      const { status } = problem(new ApiError(groups?.code as Code, "because"), "id");
      expect(`${groups?.code} ${status}`).toBe(`${groups?.code} ${groups?.status}`);
    }
  });

  test("come in a document as it is shown", () => {
    const [shown] = blocksOf({ ...page, text: marked(page, "problem") ?? "" });
    const example = JSON.parse(shown?.text ?? "");
    expect(Problem.parse(example)).toEqual(example);
    expect(Object.keys(example)).toEqual(Object.keys(problem(new ApiError("no-rollout", "because"), "id")));
  });
});

type Call = { readonly text: string; readonly method: string; readonly path: string; readonly init: RequestInit };

/** The request that a curl command line would send. */
function callOf(text: string, token: string): Call {
  const words = wordsOf(text.replaceAll("$TOKEN", token));
  const after = (flag: string) => words.flatMap((word, index) => (words[index - 1] === flag ? [word] : []));
  const method = after("-X")[0] ?? "GET";
  const headers = after("-H").map((header) => header.split(": ") as [string, string]);
  const body = after("-d")[0] ?? null;
  const path = words.find((word) => word.startsWith("$SLUICE"))?.slice("$SLUICE".length) ?? "";
  return { text, method, path, init: { method, headers, body } };
}

describe("the examples of docs/api.md", () => {
  let api: RunningApi;
  let calls: readonly Call[] = [];

  beforeAll(async () => {
    const rollout = rolloutView({ checks: [checkView()] });
    const pool = { members: [memberView("127.0.0.1:8003")], from: "config" as const };
    const control = new ScriptedControl(serviceView({ rollout, pools: { blue: pool, green: pool } }));
    control.reactions.start = (service) => ({ ...service, rollout });
    control.happen({});
    api = await startApi(control);
    calls = blocksOf(page)
      .filter(({ info }) => info === "sh")
      .flatMap(({ text }) => text.replaceAll("\\\n", " ").split("\n"))
      .filter((line) => line.startsWith("curl ") && line.includes("$SLUICE/"))
      .map((line) => callOf(line, api.token));
  });
  afterAll(() => api[Symbol.asyncDispose]());

  test("work", async () => {
    expect(calls.length).toBeGreaterThan(20);
    for (const { text, path, init } of calls) {
      const gone = new AbortController();
      const answer = await fetch(`${api.url}${path}`, { ...init, signal: gone.signal });
      expect(answer.status, text).toBeLessThan(300);
      gone.abort();
    }
  });

  test("are one of every operation", async () => {
    const description = (await (await fetch(`${api.url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const shown = (method: string, path: string) => {
      const pattern = new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, "[^/?]+")}(\\?.*)?$`);
      return calls.some((call) => call.method === method && pattern.test(call.path));
    };
    const missing = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.keys(methods)
        .filter((method) => !shown(method.toUpperCase(), path))
        .map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(missing).toEqual([]);
  });
});
