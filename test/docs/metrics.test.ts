import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { instrumentsAt } from "../support/instruments.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { root } from "../support/sources.ts";
import { marked, type Page, readPages } from "./pages.ts";

const PATH = "docs/metrics.md";

type Metric = { readonly name: string; readonly type: string; readonly labels: readonly string[]; readonly help: string };

function pageOfDocs(): Page {
  const found = readPages().find(({ path }) => path === PATH);
  if (found === undefined) throw new Error(`${PATH} is missing`);
  return found;
}

function tableOf(metrics: readonly Metric[]): string {
  const rows = metrics.map(({ name, type, labels, help }) => {
    const named = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${type} | ${named === "" ? "-" : named} | ${help} |`;
  });
  return ["| name | type | labels | what it says |", "|---|---|---|---|", ...rows].join("\n");
}

const instruments = instrumentsAt();
const metrics = instruments.metrics();

if (process.env.SLUICE_WRITE_DOCS !== undefined) {
  const [before = "", after = ""] = pageOfDocs().text.split("<!-- metrics -->");
  const [, rest = ""] = after.split("<!-- /metrics -->");
  writeFileSync(join(root, PATH), `${before}<!-- metrics -->\n\n${tableOf(metrics)}\n\n<!-- /metrics -->${rest}`);
}

describe("docs/metrics.md", () => {
  test("has every metric of Sluice, with its type, its labels and its words (SLUICE_WRITE_DOCS=1 writes them)", () => {
    expect(metrics.length).toBeGreaterThan(25);
    expect(marked(pageOfDocs(), "metrics")).toBe(tableOf(metrics));
  });

  test("leaves none of the page out, apart from those of the process", async () => {
    const { text } = await instruments.page(new ScriptedControl());
    const served = [...text.matchAll(/^# TYPE (?<name>\S+)/gm)].map((match) => match.groups?.name ?? "");
    const foreign = served.filter((name) => !metrics.some((metric) => metric.name === name));
    expect(foreign.filter((name) => !/^(process|nodejs)_/.test(name))).toEqual([]);
    expect(served.length).toBeGreaterThan(metrics.length);
  });

  test("has names as Prometheus wants them: a prefix, a base unit, and _total for counters", () => {
    for (const { name, type } of metrics) {
      expect(name).toMatch(/^sluice_[a-z_]+$/);
      expect(`${name} ${name.endsWith("_total")}`).toBe(`${name} ${type === "counter"}`);
    }
  });
});
