import type { RolloutView, ServiceView } from "../../core/view.ts";
import { courseOf } from "./course.ts";
import { phaseMark, stepOf } from "./phase.ts";
import { glyph, type Style } from "./style.ts";
import { type Cell, type Column, table } from "./table.ts";
import { rateText, shares } from "./units.ts";

const COLUMNS: readonly Column[] = [
  { title: "SERVICE" },
  { title: "STABLE", drops: 4 },
  { title: "REQUESTED", shrinks: true, drops: 3 },
  { title: "IN NGINX", shrinks: true },
  { title: "OBSERVED", shrinks: true, drops: 2 },
  { title: "ROLLOUT", shrinks: true, drops: 1 },
  { title: "PHASE", shrinks: true },
  { title: "MEMBERS", shrinks: true },
];

/** A line a service; what was asked for, what nginx does and what traffic shows stand apart. */
export function servicesTable(services: readonly ServiceView[], style: Style): string[] {
  if (services.length === 0) return ["no services are configured"];
  return table(
    COLUMNS,
    services.map((service) => row(service, style)),
    style,
  );
}

const MORE: readonly Column[] = [
  { title: "ROUTING" },
  { title: "REQ/S", align: "right" },
  { title: "VERSION" },
  { title: "STARTED BY" },
  { title: "GENERATION" },
  { title: "TARGETS" },
];

/** The same with how it is routed, what it answers, what is rolled out by whom, and what each nginx serves. */
export function servicesWide(services: readonly ServiceView[], style: Style): string[] {
  if (services.length === 0) return servicesTable(services, style);
  const rows = services.map((service): Cell[] => [...row(service, style), ...more(service)]);
  return table([...COLUMNS, ...MORE], rows, style);
}

function more({ routing, observed, rollout, applied }: ServiceView): Cell[] {
  return [
    routing,
    rateText(observed),
    rollout?.version ?? "-",
    rollout?.startedBy ?? "-",
    applied.generation === "" ? "-" : applied.generation,
    applied.targets.map(({ name, state }) => `${name} ${state}`).join(", "),
  ];
}

function row(service: ServiceView, style: Style): Cell[] {
  const rollout = service.rollout;
  return [
    service.name,
    service.stable,
    shares(service.wanted.shares),
    inNginx(service, style),
    shares(service.observed?.shares ?? null),
    rollout === null ? "-" : rolloutLine(rollout, style),
    rollout === null ? "-" : phaseMark(style, rollout),
    members(service, style),
  ];
}

/** The proved shares, and a word where a target is not there yet. */
function inNginx(service: ServiceView, style: Style): Cell {
  const off = service.applied.targets.filter((target) => target.state !== "applied");
  const proved = shares(service.applied.shares);
  if (off.length === 0) return proved;
  const words = [...new Set(off.map((target) => target.state))].join(", ");
  const bad = off.some((target) => target.state === "refused" || target.state === "blocked");
  return { text: `${proved} (${glyph(style, bad ? "bad" : "busy")} ${words})`, tone: bad ? "bad" : "accent" };
}

function rolloutLine(rollout: RolloutView, style: Style): string {
  const ended = rollout.endedAt !== null;
  const place = ended ? "" : ` ${stepOf(rollout)}`;
  return `${rollout.id} ${courseOf(rollout, style)}${place}`;
}

function members(service: ServiceView, style: Style): Cell {
  const all = Object.values(service.pools).flatMap((pool) => pool.members);
  // Before the first probe, and where no controller runs, nobody has asked them.
  if (all.length > 0 && all.every((member) => member.health === "unknown"))
    return { text: `${glyph(style, "wait")} ${all.length} not known`, tone: "warn" };
  const ready = all.filter((member) => member.health === "ready").length;
  const good = ready === all.length;
  return { text: `${glyph(style, good ? "good" : "warn")} ${ready}/${all.length} ready`, tone: good ? "good" : "warn" };
}
