import { strength } from "../../analysis/sentence.ts";
import type { Count } from "../../core/basis.ts";
import type { DatedBasis, DecidedCheck } from "../../core/decided.ts";
import type { DecisionView, ExplainedCheck, ExplanationView, WindowView } from "../../core/explained.ts";
import { hookLines } from "./hook-run.ts";
import { verdictMark } from "./phase.ts";
import { rolloutHead } from "./rollout.ts";
import { paint, type Style } from "./style.ts";
import { type Cell, type Column, table } from "./table.ts";
import { clock, duration, measured, needed, percent } from "./units.ts";
import { plain } from "./width.ts";

/** The sentence; then the rollout, each check with its numbers and all that it says, uncut, and every decision. */
export function explainedLines(explanation: ExplanationView, style: Style, now: number, windows: boolean): string[] {
  const { rollout, text, checks, decisions, hooks } = explanation;
  const [title = ""] = rolloutHead(rollout, style, now);
  return [
    plain(text),
    "",
    title,
    "",
    ...(checks.length === 0 ? ["no check judged it"] : checksTable(checks, rollout, style, now)),
    ...checks.flatMap((check) => ["", `${paint(style, "bold", check.name)}: ${plain(check.text)}`]),
    ...(decisions.length === 0 ? [] : ["", ...decisionsTable(decisions, style, now)]),
    ...hookLines(hooks, style, now),
    ...(windows ? checks.flatMap((check) => windowsLines(check, rollout, style, now)) : []),
  ];
}

type Pools = { readonly to: string; readonly from: string };

function checksTable(checks: readonly DecidedCheck[], { to, from }: Pools, style: Style, now: number): string[] {
  const compared = checks.some(({ basis }) => basis?.canary != null);
  const right = (title: string): Column => ({ title, align: "right" });
  const columns: Column[] = [
    { title: "CHECK", shrinks: true },
    { title: "VERDICT" },
    ...(compared ? [right(to.toUpperCase()), right(from.toUpperCase())] : []),
    right("VALUE"),
    { title: "LIMIT", shrinks: true },
    { title: "WINDOW", shrinks: true },
    ...(compared ? [right("AGAINST"), right("FOR")] : []),
    { title: "NEEDS" },
  ];
  const rows = checks.map((check): Cell[] => {
    const { name, is, value, limit, basis } = check;
    const sides = [counts(basis?.canary ?? null), counts(basis?.stable ?? null)];
    return [
      name,
      verdictMark(style, is),
      ...(compared ? sides : []),
      `${measured(value, limit)}${ofSamples(check)}`,
      limit === "" ? "-" : limit,
      windowOf(check, now),
      ...(compared ? [weighed(basis, "Harm"), weighed(basis, "Healthy")] : []),
      needed(basis?.needed ?? null),
    ];
  });
  return [...table(columns, rows, style), ...samples(checks)];
}

/** Says which counts in the table are of a part of the requests. */
function samples(checks: readonly DecidedCheck[]): string[] {
  return checks.flatMap(({ name, basis }) =>
    basis?.sample == null ? [] : [`${name}: counts are of a sample, ${percent(basis.sample)} of the requests`],
  );
}

/** `41/1203`. */
function counts(count: Count | null): string {
  return count === null ? "-" : `${Math.round(count.x)}/${Math.round(count.n)}`;
}

function ofSamples({ samples, basis, value }: DecidedCheck): string {
  return samples === null || value === null || basis?.canary != null ? "" : ` of ${samples}`;
}

/** `1m 30s to 10:02:00`. */
function windowOf({ windowMs, basis }: DecidedCheck, now: number): string {
  if (windowMs === 0) return "-";
  return basis?.to == null ? duration(windowMs) : `${duration(windowMs)} to ${clock(basis.to, now)}`;
}

/** `3 100 of 100`: the evidence, and how much decides. */
function weighed(basis: DatedBasis | null, of: "Harm" | "Healthy"): string {
  const log = basis?.[`log${of}`] ?? null;
  const limit = basis?.[`log${of}Needed`] ?? null;
  return log === null || limit === null ? "-" : `${strength(log)} of ${strength(limit)}`;
}

const DECISION_COLUMNS: readonly Column[] = [
  { title: "AT" },
  { title: "STEP", align: "right" },
  { title: "DECISION" },
  { title: "WHY", shrinks: true },
];

function decisionsTable(decisions: readonly DecisionView[], style: Style, now: number): string[] {
  const rows = decisions.map(({ at, step, decision, actor, text }): Cell[] => [
    clock(at, now),
    step === null ? "-" : String(step + 1),
    decision,
    actor === null || text.includes(` by ${actor}`) ? text : `${text} (${actor})`,
  ]);
  return table(DECISION_COLUMNS, rows, style);
}

const WINDOW_COLUMNS: readonly Column[] = [
  { title: "STEP", align: "right" },
  { title: "END" },
  { title: "TIME", align: "right" },
];

function windowsLines({ name, recorded, dropped }: ExplainedCheck, { to, from }: Pools, style: Style, now: number): string[] {
  if (recorded.length === 0) return [];
  const slow = recorded.some(({ slowMs }) => slowMs !== null);
  const healthy = recorded.some(({ logHealthy }) => logHealthy !== null);
  const titles = [to.toUpperCase(), from.toUpperCase(), ...(slow ? ["SLOW"] : []), "AGAINST", ...(healthy ? ["FOR"] : [])];
  const rows = recorded.map((window): Cell[] => [
    String(window.entry),
    clock(window.at, now),
    duration(window.ms),
    counts(window.canary),
    counts(window.stable),
    ...(slow ? [slowOf(window)] : []),
    window.part ? "an outage" : strength(window.logHarm),
    ...(healthy ? [window.part || window.logHealthy === null ? "-" : strength(window.logHealthy)] : []),
  ]);
  const columns = [...WINDOW_COLUMNS, ...titles.map((title): Column => ({ title, align: "right" }))];
  const lost = dropped === 0 ? [] : [`${dropped} older windows are no longer kept`];
  return ["", paint(style, "bold", `windows of ${name}`), ...lost, ...table(columns, rows, style)];
}

function slowOf({ slowMs }: WindowView): string {
  return slowMs === null ? "-" : `> ${Number(slowMs.toPrecision(2))} ms`;
}
