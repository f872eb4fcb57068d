import type { Counts, Window } from "../../analysis/counts.ts";
import type { Decision } from "../../analysis/decision.ts";
import { sentence, strength } from "../../analysis/sentence.ts";
import { paint, type Style, type Tone } from "./style.ts";
import { type Cell, type Column, table } from "./table.ts";

/** A recorded window, and what was decided after it. */
export type Judged = { readonly t: number; readonly step: string | null; readonly window: Window; readonly decision: Decision };

const COLUMNS: readonly Column[] = [
  { title: "T", align: "right" },
  { title: "CANARY", align: "right" },
  { title: "STABLE", align: "right" },
  { title: "AGAINST", align: "right" },
  { title: "FOR", align: "right" },
  { title: "SCATTER", align: "right" },
  { title: "VERDICT" },
];

const NAMES = { canary: "the canary", stable: "stable" };

const TONES: Readonly<Record<Decision["is"], Tone>> = { revert: "bad", advance: "good", hold: "none" };

/** A line a window, then what a rollout would have done first, and what the whole says. */
export function judgedLines(judged: readonly Judged[], style: Style): readonly string[] {
  const last = judged.at(-1);
  if (last === undefined) return [];
  const first = judged.find(({ decision }) => decision.is === "revert");
  return [
    ...table(COLUMNS, judged.map(row), style),
    "",
    ...(first === undefined || first === last ? [] : [toldLine(first, `first revert at ${first.t}`, style)]),
    toldLine(last, `${last.decision.is} at ${last.t}`, style),
  ];
}

function row({ t, window, decision }: Judged): readonly Cell[] {
  const { is, cause } = decision;
  return [
    String(t),
    counts(window.canary),
    counts(window.stable),
    strength(decision.logHarm),
    strength(decision.logHealthy),
    decision.dispersion.toFixed(2),
    { text: cause.startsWith("no ") || cause === "outage" ? `${is}: ${cause}` : is, tone: TONES[is] },
  ];
}

function counts({ n, x }: Counts): string {
  return `${x}/${n}`;
}

function toldLine({ decision }: Judged, head: string, style: Style): string {
  return `${paint(style, TONES[decision.is], head)}: ${sentence(decision, NAMES)}`;
}
