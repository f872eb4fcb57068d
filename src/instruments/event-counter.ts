import { Counter, type Registry } from "prom-client";
import type { FactKind } from "../core/rollout.ts";

/** Every kind, so that a counter stands at 0 before the first: a rate needs to have seen it. The type holds it complete. */
const KINDS: Readonly<Record<FactKind, true>> = {
  "member-ready": true,
  "member-down": true,
  members: true,
  started: true,
  waiting: true,
  applying: true,
  applied: true,
  refused: true,
  observing: true,
  verdict: true,
  passed: true,
  held: true,
  paused: true,
  resumed: true,
  advanced: true,
  approved: true,
  promoting: true,
  retried: true,
  failing: true,
  skipped: true,
  excluded: true,
  drained: true,
  hook: true,
  reverting: true,
  failed: true,
  promoted: true,
  reverted: true,
  token: true,
  configuration: true,
};

/** Counts the lines of the journal by their kind. A line of a kind that stands for lines that are gone is none. */
export function eventCounter(registry: Registry): (kind: string) => void {
  const counter = new Counter({
    name: "sluice_events_total",
    help: "Events of all services since the process started, by their kind.",
    labelNames: ["kind"],
    registers: [registry],
  });
  for (const kind of Object.keys(KINDS)) counter.inc({ kind }, 0);
  return (kind) => {
    if (kind in KINDS) counter.inc({ kind });
  };
}
