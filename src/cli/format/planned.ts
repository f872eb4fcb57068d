import type { PlannedCheck, PlannedStep, PlannedTask, PlannedTraffic, PlanView, TargetChange } from "../../core/planned.ts";
import { never } from "../../core/units.ts";
import { courseOf } from "./course.ts";
import { glyph, paint, type Style } from "./style.ts";
import { type Cell, type Column, table } from "./table.ts";
import { duration, shares } from "./units.ts";
import { plain } from "./width.ts";

/** A plan as a whole: the steps, what they can find at the traffic that there is, what to think of, and nginx's differences. */
export function plannedLines(plan: PlanView, style: Style): string[] {
  const { steps, refused } = plan;
  const head = [title(plan, style), ...refusalLines(refused, style)];
  if (steps.length === 0) return head;
  return [
    ...head,
    "",
    ...stepsTable(steps, style),
    ...waitLines(steps, style),
    "",
    trafficLine(plan),
    ...figuresTable(plan, style),
    ...warningLines(steps, style),
    ...diffLines(plan, style),
  ];
}

function title({ service, strategy, version, from, to, steps, leastMs }: PlanView, style: Style): string {
  const told = version === null ? "" : `   version ${plain(version)}`;
  const course = `${courseOf({ strategy, from, to }, style)}${told}`;
  const head = `${paint(style, "bold", plain(service))}   ${course}`;
  if (steps.length === 0) return head;
  const least = leastMs === 0 ? "no least time" : `${duration(leastMs)} at least`;
  const approvals = steps.filter(({ until }) => until === "approval").length;
  const people = approvals === 0 ? "" : `; ${approvals === 1 ? "one waits" : `${approvals} wait`} for a person`;
  return `${head}   ${steps.length === 1 ? "one step" : `${steps.length} steps`}, ${least}${people}`;
}

function refusalLines(refused: PlanView["refused"], style: Style): string[] {
  if (refused === null) return [];
  if (refused.code === "already-stable") return [plain(refused.reason)];
  const mark = paint(style, "warn", glyph(style, "warn"));
  return [
    `${mark} a start would be refused now: ${plain(refused.reason)}`,
    ...(refused.hint === null ? [] : [`  try: ${plain(refused.hint)}`]),
  ];
}

// --- steps ----------------------------------------------------------------------------------------------------------

const STEP_COLUMNS: readonly Column[] = [
  { title: "STEP", align: "right" },
  { title: "WHAT", shrinks: true },
  { title: "SHARES", shrinks: true },
  { title: "WAITS FOR", shrinks: true },
  { title: "TIME", shrinks: true },
  { title: "NEEDS", shrinks: true },
  { title: "ELSE IT HOLDS", shrinks: true },
  { title: "NGINX", shrinks: true },
];

function stepsTable(steps: readonly PlannedStep[], style: Style): string[] {
  const rows = steps.map((step, index): Cell[] => [
    String(index + 1),
    step.label,
    shares(step.shares),
    waitsOf(step),
    timeOf(step),
    step.needs.length === 0 ? "-" : step.needs.join(", "),
    step.needs.length === 0 ? "-" : holdOf(step),
    changeOf(step.nginx),
  ]);
  return table(STEP_COLUMNS, rows, style);
}

/** What is waited for before the step and after its time; an approval stands with the time. */
function waitsOf({ before, after }: PlannedStep): string {
  const tasks = [...before, ...after.filter(({ waitsFor }) => waitsFor !== "approval")];
  return tasks.length === 0 ? "-" : tasks.map(({ name }) => name).join(", ");
}

function timeOf({ until, leastMs, ramp }: PlannedStep): string {
  const least = leastMs === 0 ? "" : duration(leastMs);
  switch (until) {
    case "time":
      return ramp === null ? least || "-" : `${least}, ${ramp.quantumBp / 100}% every ${duration(ramp.everyMs)}`;
    case "evidence":
      return least === "" ? "until evidence" : `${least} at least, until evidence`;
    case "approval":
      return least === "" ? "until approved" : `${least}, then until approved`;
    default:
      return never(until);
  }
}

const THEN = { abort: "goes back", advance: "goes on" } as const;

function holdOf({ hold: { atMostMs, then } }: PlannedStep): string {
  return then === "wait" ? "until it has them" : `${duration(atMostMs)}, then ${THEN[then]}`;
}

/** The same for all targets, or each by its name. */
function changeOf(changes: readonly TargetChange[]): string {
  const words = changes.map((change) => ({ target: change.target, word: changeWord(change) }));
  const [first] = words;
  if (first === undefined) return "-";
  return words.every(({ word }) => word === first.word)
    ? first.word
    : words.map(({ target, word }) => `${target}: ${word}`).join(", ");
}

function changeWord({ change, times, problem }: TargetChange): string {
  const many = times > 1 ? `${times} ` : "";
  switch (change) {
    case "nothing":
      return problem === null ? "-" : "not known";
    case "tables":
      return times > 1 ? `${many}table swaps` : "table swap";
    case "reload":
      return times > 1 ? `${many}reloads` : "reload";
    default:
      return never(change);
  }
}

function waitLines(steps: readonly PlannedStep[], style: Style): string[] {
  const told = steps.flatMap((step, index) =>
    step.before.flatMap((task) =>
      task.missing === null ? [] : `step ${index + 1} would wait: ${plain(task.missing)}${limitOf(task)}`,
    ),
  );
  return told.map((text) => `${paint(style, "warn", glyph(style, "wait"))} ${text}`);
}

const OTHERWISE = {
  back: "then it goes back",
  hold: "then a person decides",
  go: "then it goes on",
  fail: "then its members have failed",
} as const;

function limitOf({ withinMs, otherwise }: PlannedTask): string {
  return withinMs === null ? "" : `; ${duration(withinMs)} at most, ${OTHERWISE[otherwise]}`;
}

// --- what the steps can find ----------------------------------------------------------------------------------------

function trafficLine({ traffic, from }: PlanView): string {
  const { requestsPerS, errorRatio } = traffic;
  if (requestsPerS === null)
    return "What the steps can find is not known, for nothing counts the requests: add a metric with `source: nginx`, or give --rate 50/s --errors 0.1%";
  const fail =
    errorRatio === null
      ? `how many fail on ${from} is not known, and taken for none`
      : `${rate(errorRatio.value)} fail on ${from}${origin(traffic, errorRatio)}`;
  return `At ${short(requestsPerS.value)} requests a second${origin(traffic, requestsPerS)}; ${fail}:`;
}

function origin({ windowMs }: PlannedTraffic, { is }: { readonly is: "measured" | "given" }): string {
  return is === "given" ? " (given)" : ` (measured over ${duration(windowMs ?? 0)})`;
}

const FIGURE_COLUMNS: readonly Column[] = [
  { title: "STEP", align: "right" },
  { title: "CHECK", shrinks: true },
  { title: "REQUESTS", align: "right" },
  { title: "TO PASS", align: "right" },
  { title: "PASSES AFTER", align: "right" },
  { title: "FINDS" },
  { title: "A TOTAL FAILURE COSTS" },
];

function figuresTable(plan: PlanView, style: Style): string[] {
  if (plan.traffic.requestsPerS === null) return [];
  const rows = plan.steps.flatMap((step, index) => step.checks.map((check) => figureRow(plan, step, index, check)));
  return rows.length === 0 ? ["no step has a check"] : table(FIGURE_COLUMNS, rows, style);
}

function figureRow({ traffic }: PlanView, { leastMs }: PlannedStep, index: number, check: PlannedCheck): Cell[] {
  const { name, needed, foreseen, requests, requestsToPass, passesAfterMs, mostLost } = check;
  const notAtAll = requestsToPass === null && !foreseen ? "-" : "never";
  const counted = requests !== null && leastMs > 0;
  return [
    String(index + 1),
    needed ? name : `${name} (not needed)`,
    counted ? about(requests) : "-",
    requestsToPass === null ? "-" : about(requestsToPass),
    passesAfterMs === null ? notAtAll : duration(passesAfterMs),
    foreseen && counted ? findsOf(check, traffic.errorRatio?.value ?? 0) : "-",
    mostLost === null ? "-" : `${about(mostLost)} requests at most`,
  ];
}

function findsOf({ detects, mostLost }: PlannedCheck, stable: number): string {
  if (detects === null) return mostLost === null ? "nothing" : "an outage";
  return `${rate(detects)} or more${stable === 0 ? "" : ` (${short(detects / stable)} times)`}`;
}

function warningLines(steps: readonly PlannedStep[], style: Style): string[] {
  const lines = steps.flatMap((step, index) => step.warnings.map((text) => `step ${index + 1}: ${plain(text)}`));
  const mark = paint(style, "warn", glyph(style, "warn"));
  return lines.length === 0 ? [] : ["", ...lines.map((text) => `${mark} ${text}`)];
}

/** `1 203`: digits in threes. */
function about(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, " ");
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function rate(part: number): string {
  return `${Number((100 * part).toPrecision(2))}%`;
}

// --- nginx ----------------------------------------------------------------------------------------------------------

function diffLines({ begins, steps }: PlanView, style: Style): string[] {
  const named = [
    ...begins.map((change) => ({ change, where: "at the start" })),
    ...steps.flatMap(({ label, nginx }, index) => nginx.map((change) => ({ change, where: `step ${index + 1}, ${label}` }))),
  ];
  const problems = new Set(
    named.flatMap(({ change }) => (change.problem === null ? [] : `${change.target}: ${plain(change.problem)}`)),
  );
  return [
    ...(problems.size === 0 ? [] : ["", ...[...problems].map((text) => `# ${text}`)]),
    ...named.flatMap(({ change, where }) => {
      if (change.diff === null || change.diff === "") return [];
      const head = paint(style, "bold", `# ${change.target}, ${where}: nginx's files now and then`);
      return [
        "",
        head,
        ...change.diff
          .trimEnd()
          .split("\n")
          .map((line) => painted(line, style)),
      ];
    }),
  ];
}

function painted(line: string, style: Style): string {
  // Tabs are a template's own, and part of the difference.
  const text = line.split("\t").map(plain).join("\t");
  if (line.startsWith("+")) return paint(style, "good", text);
  return line.startsWith("-") ? paint(style, "bad", text) : text;
}
