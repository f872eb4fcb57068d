import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readPages } from "../docs/pages.ts";
import { instrumentsAt } from "../support/instruments.ts";
import { root } from "../support/sources.ts";

const FOLDER = join(root, "examples/observability");
const read = (name: string) => readFileSync(join(FOLDER, name), "utf8");

type Panel = {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly panels?: readonly Panel[];
};
type Alert = { readonly alert: string; readonly expr: string; readonly annotations: Readonly<Record<string, string>> };

const panelsOf = (panels: readonly Panel[]): readonly Panel[] =>
  panels.flatMap((panel) => [panel, ...panelsOf(panel.panels ?? [])]);
const panels = panelsOf((JSON.parse(read("dashboard.json")) as { readonly panels: readonly Panel[] }).panels);
const alerts = (parse(read("alerts.yml")) as { readonly groups: readonly { readonly rules: readonly Alert[] }[] }).groups.flatMap(
  ({ rules }) => rules,
);

const metrics = instrumentsAt().metrics();
/** What a metric is on the page: a histogram is several series. */
const known = new Set(
  metrics.flatMap(({ name, type }) => (type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name])),
);
const unknown = (expression: string) =>
  [...expression.matchAll(/\bsluice_[a-z_]+/g)].map(([name]) => name).filter((name) => !known.has(name));

describe("examples/observability", () => {
  test("names series that are there, in every panel and every alert", () => {
    const expressions = [
      ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
      ...alerts.map(({ expr }) => expr),
    ];
    expect(expressions.length).toBeGreaterThan(35);
    expect(expressions.flatMap(unknown)).toEqual([]);
  });

  test("shows every metric of Sluice on the dashboard, apart from those that only say when or what", () => {
    const shown = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join("\n");
    const missing = metrics.map(({ name }) => name).filter((name) => !shown.includes(name));
    expect(missing).toEqual([
      "sluice_build_info",
      "sluice_lease_epoch",
      "sluice_config_last_reload_success_timestamp_seconds",
      "sluice_target_refused_services",
      "sluice_target_generation",
    ]);
  });

  test("has a runbook for every alert, and no other", () => {
    const page = readPages().find(({ path }) => path === "docs/runbooks.md");
    const headings = [...(page?.text.matchAll(/^### (?<name>Sluice\w+)$/gm) ?? [])].map((match) => match.groups?.name);
    expect(headings.toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
    for (const { alert, annotations } of alerts) expect(annotations.runbook).toBe(`docs/runbooks.md#${alert.toLowerCase()}`);
    for (const name of headings) {
      const section = page?.text.split(`### ${name}\n`)[1]?.split("\n### ")[0] ?? "";
      for (const part of ["**Meaning.**", "**Check.**", "**Fix.**", "**Undo.**"]) expect(`${name} ${section}`).toContain(part);
    }
  });

  test("is scraped as its own job, which the alerts name", () => {
    const { scrape_configs } = parse(read("prometheus.yml")) as {
      readonly scrape_configs: readonly { readonly job_name: string }[];
    };
    expect(scrape_configs.map(({ job_name }) => job_name)).toEqual(["sluice"]);
    for (const { expr } of alerts) for (const [, job] of expr.matchAll(/job="([^"]+)"/g)) expect(job).toBe("sluice");
  });
});

const promtool = await execa("promtool", ["--version"], { reject: false });

describe.skipIf(promtool.failed)("promtool, where it is installed", () => {
  test.each([
    ["takes the rules", ["check", "rules", "alerts.yml"]],
    ["finds that the rules do what their tests say", ["test", "rules", "alerts-check.yml"]],
    ["takes the configuration", ["check", "config", "--syntax-only", "prometheus.yml"]],
  ])("%s", async (_what, args) => {
    const { all, exitCode } = await execa("promtool", args, { cwd: FOLDER, reject: false, all: true });
    expect(`${exitCode} ${all}`).toMatch(/^0 /);
  });
});
