import type { Style } from "../src/cli/format/style.ts";
import { type Cell, type Column, table } from "../src/cli/format/table.ts";
import type { Figure, Section } from "./figure.ts";
import type { Machine } from "./machine.ts";

const COLUMNS: readonly Column[] = [
  { title: "measured" },
  { title: "median", align: "right" },
  { title: "min", align: "right" },
  { title: "max", align: "right" },
  { title: "unit" },
  { title: "runs", align: "right" },
  { title: "aim" },
  { title: "" },
];

export function machineLine(machine: Machine): string {
  const tools = [`nginx ${machine.nginx}`, `Node ${machine.node}`, `wrk ${machine.wrk ?? "not installed"}`];
  return (
    `${machine.date.slice(0, 10)}, ${machine.cores} cores (${machine.processor}), ${machine.memoryGb} GB, ${machine.system}, ` +
    `${tools.join(", ")}, HAProxy ${machine.haproxy ?? "not installed"}; load before: ${machine.loadBefore}`
  );
}

export function sectionLines(section: Section, style: Style): readonly string[] {
  const rows = section.figures.map((one): readonly Cell[] => [
    one.name,
    number(one.median),
    number(one.min),
    number(one.max),
    one.unit,
    String(one.runs),
    aim(one),
    one.met === null ? "" : { text: one.met ? "met" : "missed", tone: one.met ? "good" : "bad" },
  ]);
  return [`(${section.id}) ${section.title}`, ...table(COLUMNS, rows, style), ...section.notes.map((note) => `  ${note}`), ""];
}

function number(value: number): string {
  if (value === 0 || Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return value.toFixed(size < 10 ? 3 : size < 1_000 ? 1 : 0);
}

function aim({ goal }: Figure): string {
  if (goal === null) return "";
  return "most" in goal ? `<= ${goal.most}` : `>= ${goal.least}`;
}
