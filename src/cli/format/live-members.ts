import type { MemberView, ServiceView } from "../../core/view.ts";
import { healthMark } from "./phase.ts";
import { firstOf, type Section } from "./section.ts";
import { glyph, paint, type Style } from "./style.ts";
import { type Cell, type Column, table } from "./table.ts";

type Placed = { readonly pool: string; readonly member: MemberView };

/** So many members that are not well are shown as long as there is room for anything. */
const MOST_BAD = 4;

/** All members where there is room; else those that are not as they should be, and how many others there are. */
export function membersSection(service: ServiceView, style: Style, keep: number): Section {
  const placed = Object.entries(service.pools).flatMap(([pool, { members }]) => members.map((member) => ({ pool, member })));
  const urgent = placed.toSorted((a, b) => urgency(a) - urgency(b));
  const draw = (some: readonly Placed[]) => membersTable(some, placed, style);
  return {
    keep,
    lines: draw(placed),
    // Nobody has to scroll back for a member that is down: what is left out first is what is well.
    least: Math.min(MOST_BAD, placed.filter((one) => !isOk(one)).length) + 2,
    shorten: (rows) => firstOf(urgent, rows, draw, (left) => more(left, style)),
  };
}

/** `all` decides about the columns, so that they stay where they are. */
function membersTable(some: readonly Placed[], all: readonly Placed[], style: Style): string[] {
  if (some.length === 0) return [];
  const counted = all.some(({ member }) => member.inFlight !== null);
  const columns: readonly Column[] = [
    { title: "POOL" },
    { title: "MEMBER", shrinks: true },
    { title: "HEALTH" },
    { title: "STATE" },
    ...(counted ? [{ title: "IN FLIGHT", align: "right" } as const] : []),
    { title: "REASON", shrinks: true },
  ];
  const rows = some.map(({ pool, member }): Cell[] => [
    pool,
    member.address,
    healthMark(style, member.health),
    member.state,
    ...(counted ? [member.inFlight === null ? "-" : String(member.inFlight)] : []),
    member.reason ?? "",
  ]);
  return table(columns, rows, style);
}

function isOk({ member }: Placed): boolean {
  return member.health === "ready" && member.state === "ready";
}

function urgency(one: Placed): number {
  if (one.member.health === "down" || one.member.health === "kept") return 0;
  return isOk(one) ? 2 : 1;
}

function more(left: readonly Placed[], style: Style): string {
  const bad = left.filter((one) => !isOk(one)).length;
  const text = bad === 0 ? `${left.length} more members ok` : `${left.length} more, ${bad} of them not ok`;
  return paint(style, bad === 0 ? "dim" : "warn", `${glyph(style, "cut")} ${text}`);
}
