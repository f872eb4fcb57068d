import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { styleOf } from "../src/cli/format/style.ts";
import type { Effort, Section } from "./figure.ts";
import { describeMachine } from "./machine.ts";
import { machineLine, sectionLines } from "./report.ts";

/** `npm run bench -- [a] [b] [c] [d] [e] [log] [verdicts] [--quick] [--json FILE]`: measures on this machine, prints tables, writes JSON. */

type Measure = (effort: Effort) => Promise<Section>;

const SECTIONS: Readonly<Record<string, () => Promise<Measure>>> = {
  a: async () => (await import("./live-switch.ts")).liveSwitch,
  b: async () => (await import("./weighted-reload.ts")).weightedReload,
  c: async () => (await import("./proxy-cost.ts")).proxyCost,
  d: async () => (await import("./start-up.ts")).startUp,
  e: async () => (await import("./haproxy.ts")).haproxySwitch,
  log: async () => (await import("./request-log.ts")).requestLog,
  verdicts: async () => (await import("./verdicts/verdicts.ts")).verdicts,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false }, json: { type: "string", default: "bench-results.json" } },
});
const unknown = positionals.filter((id) => !(id in SECTIONS));
if (unknown.length > 0) {
  console.error(`bench: there is no section ${unknown.join(", ")}; the sections are ${Object.keys(SECTIONS).join(", ")}`);
  process.exit(2);
}

// Everything that is written lies below one folder, which goes with us; Ctrl-C ends us by way of the same handlers.
const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
process.env.TMPDIR = folder;
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const style = styleOf(process.stdout, process.env, false);
const machine = describeMachine();
const effort: Effort = values.quick ? "quick" : "full";
const wanted = positionals.length > 0 ? positionals : Object.keys(SECTIONS);
console.log(`${machineLine(machine)}\n`);

const sections: (Section & { readonly tookS: number })[] = [];
for (const id of wanted) {
  const from = performance.now();
  const measure = await SECTIONS[id]?.();
  if (measure === undefined) continue;
  const section = { ...(await measure(effort)), tookS: Math.round((performance.now() - from) / 1_000) };
  sections.push(section);
  console.log(sectionLines(section, style).join("\n"));
}
writeFileSync(values.json, `${JSON.stringify({ machine, effort, sections }, null, 2)}\n`);
console.log(`written to ${values.json}`);

const missed = sections.filter(({ binding, figures }) => binding === true && figures.some(({ met }) => met === false));
if (missed.length > 0) {
  console.error(`bench: aims were missed in ${missed.map(({ id }) => id).join(", ")}`);
  process.exitCode = 1;
}
