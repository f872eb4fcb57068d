import { type Ms, never } from "../../core/units.ts";
import type { RevisionView } from "../../core/view.ts";
import type { Mark } from "./phase.ts";
import { glyph, paint, type Style } from "./style.ts";
import { type Cell, type Column, table } from "./table.ts";
import { clock, duration } from "./units.ts";
import { plain } from "./width.ts";

const COLUMNS: readonly Column[] = [
  { title: "REVISION", align: "right" },
  { title: "RESULT" },
  { title: "STABLE", shrinks: true },
  { title: "VERSION", shrinks: true },
  { title: "ROLLOUT" },
  { title: "BY", shrinks: true },
  { title: "ENDED" },
  { title: "TOOK" },
  { title: "CAUSE", shrinks: true },
];

/** The finished rollouts of a service, newest first; the one that is stable now is marked. */
export function historyTable(revisions: readonly RevisionView[], style: Style, now: Ms): string[] {
  const current = currentOf(revisions);
  const rows = revisions.map((revision): Cell[] => {
    const number = revision === current ? `${glyph(style, "now")} ${revision.number}` : String(revision.number);
    return [
      revision === current ? { text: number, tone: "accent" } : number,
      resultMark(style, revision),
      revision.stable,
      revision.version ?? "-",
      revision.rollout ?? "-",
      revision.startedBy ?? "-",
      clock(revision.endedAt, now),
      revision.durationMs === null ? "-" : duration(revision.durationMs),
      causeOf(revision),
    ];
  });
  return table(COLUMNS, rows, style);
}

/** One revision with all that is known of it, and what can be done with it. */
export function revisionLines(service: string, revision: RevisionView, style: Style, now: Ms): string[] {
  const { number, rollout, strategy, version, from, to, stable, members, reason, cause } = revision;
  const course =
    strategy === null ? "-" : strategy === "rolling" ? `rolling ${to}` : `${strategy} ${from} ${glyph(style, "arrow")} ${to}`;
  const mark = resultMark(style, revision);
  const rows: readonly (readonly [string, string | null])[] = [
    ["result", paint(style, mark.tone, mark.text)],
    ["rollout", rollout === null ? null : `${rollout}   ${course}`],
    ["version", version === null ? null : plain(version)],
    ["stable", plain(stable)],
    ["members", members === null ? null : members.map(plain).join(", ") || "none"],
    ["left", revision.left.length === 0 ? null : `still on its version: ${revision.left.map(plain).join(", ")}`],
    ["undo of", revision.undoes === null ? null : `goes back to revision ${revision.undoes}`],
    ["by", revision.startedBy === null ? null : plain(revision.startedBy)],
    ["started", revision.startedAt === null ? null : clock(revision.startedAt, now)],
    ["ended", revision.endedAt === null ? null : `${clock(revision.endedAt, now)}${tookOf(revision)}`],
    ["reason", reason === null ? null : plain(reason)],
    ["cause", cause === null ? null : plain(cause)],
  ];
  const told = rows.flatMap(([name, text]) => (text === null ? [] : `${name.padEnd(9)}${text}`));
  const next = [
    ...(rollout === null ? [] : [`why it went so: sluice explain ${rollout}`]),
    ...(revision.result === "reverted" ? [] : [`back to it: sluice undo ${service} --revision ${number}`]),
  ];
  return [paint(style, "bold", `${service}   revision ${number}`), ...told, "", ...next];
}

/** Of a page that begins with the newest: what is stable now. */
function currentOf(revisions: readonly RevisionView[]): RevisionView | undefined {
  return revisions.find(({ result, to, stable }) => result !== "reverted" && to === stable);
}

function tookOf({ durationMs }: RevisionView): string {
  return durationMs === null ? "" : ` after ${duration(durationMs)}`;
}

function causeOf({ undoes, reason, cause }: RevisionView): string {
  const said = reason ?? (undoes === null ? null : `undo to revision ${undoes}`);
  return [said, cause].filter((text) => text !== null).join(": ");
}

function resultMark(style: Style, { result }: RevisionView): Mark {
  switch (result) {
    case "promoted":
      return { text: `${glyph(style, "good")} promoted`, tone: "good" };
    case "reverted":
      return { text: `${glyph(style, "bad")} reverted`, tone: "bad" };
    case "initial":
      return { text: `${glyph(style, "next")} initial`, tone: "dim" };
    default:
      return never(result);
  }
}
