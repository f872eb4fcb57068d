import { type Ms, WHOLE } from "../../core/units.ts";
import type { ServiceView } from "../../core/view.ts";
import { healthMark, targetMark } from "./phase.ts";
import { rolloutLines } from "./rollout.ts";
import { paint, type Style } from "./style.ts";
import { type Cell, type Column, table } from "./table.ts";
import { clock, duration, percent, shares } from "./units.ts";
import { plain } from "./width.ts";

/** Everything about one service: shares, members with their reasons, targets, and the rollout with its checks. */
export function serviceLines(service: ServiceView, style: Style, now: Ms): string[] {
  return [
    ...headLines(service, style, now),
    "",
    ...membersTable(service, style),
    "",
    ...targetsTable(service, style),
    ...(service.rollout === null ? [] : ["", ...rolloutLines(service.rollout, style, now)]),
  ];
}

/** What was asked for, what nginx proved, what traffic shows. */
export function headLines(service: ServiceView, style: Style, now: Ms): string[] {
  const candidate = service.candidate === null ? "" : `   candidate ${service.candidate}`;
  const generation = service.applied.generation === "" ? "" : `   generation ${service.applied.generation}`;
  const at = service.applied.at === null ? "" : `, ${clock(service.applied.at, now)}`;
  return [
    `${paint(style, "bold", service.name)}   ${service.routing}   stable ${service.stable}${candidate}`,
    `requested  ${shares(service.wanted.shares)}`,
    `in nginx   ${shares(service.applied.shares)}${generation}${at}`,
    `observed   ${observed(service)}`,
  ].map((text) => text.trimEnd());
}

function observed(service: ServiceView): string {
  if (service.observed === null) return "- (nothing counts the requests per pool yet)";
  const { requests, windowMs, sample } = service.observed;
  const [about, of] = sample === WHOLE ? ["", ""] : ["about ", ` (${percent(sample)} sample)`];
  return `${shares(service.observed.shares)}   ${about}${requests} requests in ${duration(windowMs)}${of}`;
}

const MEMBER_COLUMNS: readonly Column[] = [
  { title: "POOL" },
  { title: "FROM", drops: 1 },
  { title: "MEMBER", shrinks: true },
  { title: "STATE" },
  { title: "HEALTH" },
  { title: "IN FLIGHT", align: "right" },
  { title: "REASON", shrinks: true },
];

/** The members of one pool, or of all; a name with several addresses has a line for each of them too. */
export function membersTable(service: ServiceView, style: Style, only: string | null = null): string[] {
  const rows: Cell[][] = [];
  for (const [name, pool] of Object.entries(service.pools)) {
    if (only !== null && only !== name) continue;
    for (const member of pool.members) {
      rows.push([
        name,
        pool.from,
        member.address,
        member.state,
        healthMark(style, member.health),
        member.inFlight === null ? "-" : String(member.inFlight),
        member.reason ?? "",
      ]);
      if (member.endpoints.length < 2) continue;
      for (const endpoint of member.endpoints) {
        rows.push([name, pool.from, `  ${endpoint.address}`, "", healthMark(style, endpoint.health), "", endpoint.reason ?? ""]);
      }
    }
    if (pool.members.length === 0) rows.push([name, pool.from, "(no members)", "", "", "", ""]);
  }
  return table(MEMBER_COLUMNS, rows, style);
}

const TARGET_COLUMNS: readonly Column[] = [
  { title: "TARGET" },
  { title: "STATE" },
  { title: "GENERATION", shrinks: true },
  { title: "LINGERING", align: "right" },
  { title: "REASON", shrinks: true },
];

/** Each nginx: which generation it serves, and what keeps it from the newest. */
export function targetsTable(service: ServiceView, style: Style): string[] {
  const rows = service.applied.targets.map((target): Cell[] => [
    target.name,
    targetMark(style, target.state),
    target.generation === "" ? "-" : target.generation,
    String(target.lingering),
    plain(target.reason ?? ""),
  ]);
  return table(TARGET_COLUMNS, rows, style);
}
