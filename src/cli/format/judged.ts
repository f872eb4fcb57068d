import { compareVerdict, latencyVerdict } from "../../analysis/compare-verdict.ts";
import type { Counts } from "../../analysis/counts.ts";
import { smallestDetectable } from "../../analysis/power.ts";
import { strength } from "../../analysis/sentence.ts";
import type { Judged, ReplayRule } from "../replay.ts";
import { paint, type Style, type Tone } from "./style.ts";
import { type Cell, type Column, table } from "./table.ts";

const COLUMNS: readonly Column[] = [
  { title: "T", align: "right" },
  { title: "CANARY", align: "right" },
  { title: "STABLE", align: "right" },
  { title: "AGAINST", align: "right" },
  { title: "FOR", align: "right" },
  { title: "SCATTER", align: "right" },
  { title: "VERDICT" },
];

/** Stands before the verdict where latencies were recorded. */
const SLOWER: Column = { title: "SLOWER", align: "right" };

const NAMES = { canary: "the canary", stable: "stable" };

const TONES: Readonly<Record<Judged["is"], Tone>> = { revert: "bad", advance: "good", hold: "none" };

/** A line a window, then what a rollout would have done first, and what the whole says. */
export function judgedLines(judged: readonly Judged[], rule: ReplayRule, style: Style): readonly string[] {
  const last = judged.at(-1);
  if (last === undefined) return [];
  const first = judged.find(({ is }) => is === "revert");
  const columns = last.logSlower === null ? COLUMNS : [...COLUMNS.slice(0, -1), SLOWER, ...COLUMNS.slice(-1)];
  return [
    ...table(
      columns,
      judged.map((one) => row(one, last.logSlower !== null)),
      style,
    ),
    "",
    ...(first === undefined || first === last ? [] : toldLines(first, "first revert", rule, style)),
    ...toldLines(last, last.is, rule, style),
    ...couldShow(last, rule),
  ];
}

function row({ recorded, is, failures, logSlower }: Judged, hasLatency: boolean): readonly Cell[] {
  const { cause, logHarm, logOutage } = failures;
  return [
    String(recorded.t),
    counts(recorded.window.canary),
    counts(recorded.window.stable),
    strength(cause === "outage" ? logOutage : logHarm),
    strength(failures.logHealthy),
    failures.dispersion.toFixed(2),
    ...(hasLatency ? [logSlower === null ? "-" : strength(logSlower)] : []),
    { text: cause.startsWith("no ") || cause === "outage" ? `${is}: ${cause}` : is, tone: TONES[is] },
  ];
}

function counts({ n, x }: Counts): string {
  return `${x}/${n}`;
}

function toldLines(judged: Judged, word: string, rule: ReplayRule, style: Style): string[] {
  const { recorded, is, failures, latency, logSlowShare, logGauge, problem } = judged;
  const head = paint(style, TONES[is], `${word} at ${recorded.t}`);
  const needed = Math.log(1 / rule.latency.alpha);
  const failed = compareVerdict("failures", failures, NAMES).text;
  return [
    ...(latency === null ? [`${head}: ${failed}`] : [head, `  failures: ${failed}`]),
    ...(latency === null ? [] : [`  latency: ${latencyVerdict("latency", latency, NAMES, rule.latency.margin, 0).text}`]),
    ...(logSlowShare === null ? [] : [`  buckets: evidence ${strength(logSlowShare)} against, ${strength(needed)} needed`]),
    ...(logGauge === null
      ? []
      : [`  gauge: evidence ${strength(logGauge)} that it is higher on the canary; decides nothing here`]),
    ...(problem === null ? [] : [`  buckets: ${problem}`]),
  ];
}

/** What a test on as much traffic can be expected to find, so that "nothing found" can be weighed. */
function couldShow({ failures: { step } }: Judged, { failures }: ReplayRule): string[] {
  if (step.windows === 0) return [];
  const stableRate = step.stable.x / step.stable.n;
  // A window stands for a second: only how many requests it has is known, and counts.
  const traffic = { canaryPerS: step.canary.n / step.windows, stablePerS: step.stable.n / step.windows, stableRate };
  const found = smallestDetectable(failures, traffic, step.windows * 1_000, 1_000);
  const seen =
    found === null ? "no more than an outage of the canary" : `a failure rate of ${percent(found)} or more on the canary`;
  return [`  ${step.windows} such windows can be expected to show ${seen} beside ${percent(stableRate)} on stable`];
}

function percent(rate: number): string {
  return `${Number((100 * rate).toPrecision(2))} %`;
}
