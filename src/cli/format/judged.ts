import type { Counts } from "../../analysis/counts.ts";
import { latencySentence, sentence, strength } from "../../analysis/sentence.ts";
import type { Judged } from "../replay.ts";
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
export function judgedLines(judged: readonly Judged[], margin: number, style: Style): readonly string[] {
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
    ...(first === undefined || first === last ? [] : toldLines(first, "first revert", margin, style)),
    ...toldLines(last, last.is, margin, style),
  ];
}

function row({ recorded, is, failures, logSlower }: Judged, hasLatency: boolean): readonly Cell[] {
  const { cause } = failures;
  return [
    String(recorded.t),
    counts(recorded.window.canary),
    counts(recorded.window.stable),
    strength(failures.logHarm),
    strength(failures.logHealthy),
    failures.dispersion.toFixed(2),
    ...(hasLatency ? [logSlower === null ? "-" : strength(logSlower)] : []),
    { text: cause.startsWith("no ") || cause === "outage" ? `${is}: ${cause}` : is, tone: TONES[is] },
  ];
}

function counts({ n, x }: Counts): string {
  return `${x}/${n}`;
}

function toldLines({ recorded, is, failures, latency, problem }: Judged, word: string, margin: number, style: Style): string[] {
  const head = paint(style, TONES[is], `${word} at ${recorded.t}`);
  return [
    `${head}: ${sentence(failures, NAMES)}`,
    ...(latency === null ? [] : [`  latency: ${latencySentence(latency, NAMES, margin)}`]),
    ...(problem === null ? [] : [`  buckets: ${problem}`]),
  ];
}
