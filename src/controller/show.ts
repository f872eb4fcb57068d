import { createHash } from "node:crypto";
import { type Check, isAdvisory } from "../core/check.ts";
import { remainingMs } from "../core/effects.ts";
import { UNKNOWN } from "../core/health.ts";
import { phaseName } from "../core/move.ts";
import type { Observer } from "../core/ports.ts";
import type { Cursor, Rollout, Stage, Step } from "../core/rollout.ts";
import type { Report } from "../core/route.ts";
import type { Settled } from "../core/settled.ts";
import {
  type Bp,
  type Endpoint,
  type Member,
  type Now,
  never,
  type PoolName,
  type Shares,
  type TargetName,
  WHOLE,
} from "../core/units.ts";
import type { CheckView, MemberView, PoolView, RolloutView, ServiceView, StepView, TargetView } from "../core/view.ts";
import { canonical } from "../core/want.ts";
import type { Cell } from "./cell.ts";
import { reasonOf } from "./reason.ts";
import type { ServiceRecord } from "./record.ts";
import { isIdleSpare, membersOf, type ServiceState } from "./service-state.ts";
import { showRolling } from "./show-rolling.ts";
import { towards } from "./towards.ts";

type Reports = Readonly<Record<TargetName, Report>>;

type Observed = NonNullable<ReturnType<Observer["observed"]>>;

export function showService(cell: Cell, reports: Reports, observed: Observed | null, now: Now): ServiceView {
  const { record, settings } = cell;
  const { route, rollout } = record;
  const proved = settings.targets.flatMap((name) => reports[name]?.services[settings.name] ?? []);
  const newest = settings.targets.flatMap((name) => reports[name] ?? []).sort((a, b) => b.at - a.at)[0];
  return {
    name: settings.name,
    routing: settings.routing,
    stable: record.state.stable,
    candidate: cell.rollout?.rolling == null ? (cell.rollout?.to ?? null) : null,
    wanted: { shares: route.shares },
    applied: {
      shares: proved.length === settings.targets.length ? common(proved.map((service) => service.shares)) : null,
      generation: newest?.generation ?? "",
      at: newest === undefined ? null : iso(newest.at),
      targets: settings.targets.map((name) => showTarget(cell, name, reports[name])),
    },
    observed: observed === null ? null : showObserved(observed, route.shape.log?.sample ?? WHOLE),
    pools: Object.fromEntries(Object.keys(settings.pools).map((pool) => [pool, showPool(cell, pool, reports)])),
    rollout: rollout === null ? null : showRollout(rollout, cell.awaited, now),
    etag: etagOf(record),
  };
}

/** What all targets serve; null where they differ, and each says for itself where it is. */
function common(shares: readonly Shares[]): Shares | null {
  const [first] = shares;
  return first !== undefined && shares.every((one) => canonical(one) === canonical(first)) ? first : null;
}

/** Shares by largest remainder, so that they sum to the whole. Without a request there is no share. */
function showObserved({ requests, windowMs }: Observed, sample: Bp): ServiceView["observed"] {
  const pools = Object.entries(requests);
  const total = pools.reduce((sum, [, count]) => sum + count, 0);
  const parts = pools.map(([pool, count]) => ({ pool, bp: (count / total) * WHOLE }));
  const left = WHOLE - parts.reduce((sum, { bp }) => sum + Math.floor(bp), 0);
  const first = [...parts].sort((a, b) => (b.bp % 1) - (a.bp % 1)).slice(0, total === 0 ? 0 : left);
  const shares = Object.fromEntries(parts.map((one) => [one.pool, Math.floor(one.bp) + (first.includes(one) ? 1 : 0)]));
  return { shares: total === 0 ? {} : shares, requests: Math.round(total), windowMs, sample };
}

/** Changes with rollout, seq and entry, and with the members that people set or took out, so that a health flap leaves it alone. */
export function etagOf({ rollout, state }: Pick<ServiceRecord, "rollout" | "state">): string {
  const hands = byHand(state);
  if (rollout === null) return `none${hands}`;
  const { phase } = rollout;
  return `${rollout.id}.${rollout.seq}.${"cursor" in phase ? phase.cursor.entry : phase.phase}${hands}`;
}

/** A mark of what people did to members; empty where everything is as configured. */
function byHand({ members, drained }: ServiceState): string {
  const out = Object.entries(drained).filter(([, names]) => names.length > 0);
  if (Object.keys(members).length === 0 && out.length === 0) return "";
  const text = canonical([members, Object.fromEntries(out)]);
  return `.${createHash("sha256").update(text).digest("hex").slice(0, 8)}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function showTarget(cell: Cell, name: TargetName, report: Report | undefined): TargetView {
  const base = { name, generation: report?.generation ?? "", lingering: report?.lingering ?? 0 };
  const service = report?.services[cell.settings.name];
  if (report?.blocked != null) return { ...base, state: "blocked", reason: report.blocked };
  if (service?.refused != null) return { ...base, state: "refused", reason: service.refused.text };
  if (service !== undefined && service.version >= cell.record.route.version)
    return { ...base, state: "applied", reason: report?.waiting ?? null };
  return { ...base, state: "applying", reason: report?.waiting ?? (report === undefined ? "has not reported yet" : null) };
}

// --- pools and members ----------------------------------------------------------------------------------------------

function showPool(cell: Cell, pool: PoolName, reports: Reports): PoolView {
  const { record, settings } = cell;
  return {
    members: membersOf(record.state, settings, pool).map((member) => showMember(cell, pool, member, reports)),
    from: pool in record.state.members ? "api" : "config",
  };
}

function showMember(cell: Cell, pool: PoolName, member: Member, reports: Reports): MemberView {
  const { state, sight, route } = cell.record;
  const address = sight.addresses[member];
  const idle = isIdleSpare(cell.settings, pool, member, cell.rollout);
  const out = idle || (state.drained[pool] ?? []).includes(member) || route.out.includes(member);
  const endpoints = (address?.endpoints ?? []).map((endpoint) => showEndpoint(cell, pool, endpoint));
  const worst = endpoints.find((one) => one.health === "down") ?? endpoints.find((one) => one.health !== "ready") ?? endpoints[0];
  return {
    address: member,
    state: idle ? "down" : out ? "draining" : "ready",
    health: worst?.health ?? "unknown",
    reason: address?.problem ?? worst?.reason ?? (idle ? "a spare: a rolling rollout brings it in" : null),
    inFlight: inFlightTo(cell, address?.endpoints ?? [], out, reports),
    endpoints,
  };
}

/** Of all targets and addresses; null where one of them is not known, for the sum would be too small. */
function inFlightTo(cell: Cell, endpoints: readonly Endpoint[], out: boolean, reports: Reports): number | null {
  const counts = cell.settings.targets.flatMap((target) => {
    const report = reports[target];
    const isProved = (report?.services[cell.settings.name]?.version ?? 0) >= cell.record.route.version;
    // Nothing is in flight for good only once nginx is proved to have taken the member out.
    return endpoints.map((endpoint) => {
      const known = report?.inFlight[endpoint] ?? null;
      return known === 0 && out && !isProved ? null : known;
    });
  });
  return counts.length === 0 ? null : counts.reduce((sum, count) => (sum === null || count === null ? null : sum + count));
}

function showEndpoint(cell: Cell, pool: PoolName, endpoint: Endpoint): MemberView["endpoints"][number] {
  const health = cell.record.sight.health[endpoint] ?? UNKNOWN;
  const kept = health.is === "down" && cell.record.route.endpoints[pool]?.[endpoint] === "ready";
  return { address: endpoint, health: kept ? "kept" : health.is, reason: health.reason };
}

// --- rollouts -------------------------------------------------------------------------------------------------------

export function showRollout(rollout: Rollout, proved: Settled | null, now: Now): RolloutView {
  const { phase } = rollout;
  const cursor = "cursor" in phase ? phase.cursor : null;
  const stage = phase.phase === "moving" ? phase.cursor.stage : null;
  return {
    id: rollout.id,
    service: rollout.service,
    strategy: rollout.strategy,
    version: rollout.version,
    from: rollout.from,
    to: rollout.to,
    phase: phaseName(rollout),
    step: cursor?.step ?? rollout.plan.length - 1,
    steps: rollout.plan.map((step, index) => showStep(rollout, step, index, cursor)),
    since: iso(now.wall - Math.max(0, now.t - sinceOf(rollout, now))),
    remainingMs: remainingMs(rollout, now),
    reason: reasonOf(rollout, proved, now),
    hold: holdOf(rollout, stage),
    rolling: showRolling(rollout),
    checks: rollout.checks.map((check) => showCheck(rollout, check)),
    undoes: rollout.undo?.revision ?? null,
    startedBy: rollout.startedBy,
    startedAt: iso(rollout.startedAt),
    endedAt: rollout.endedAt === null ? null : iso(rollout.endedAt),
  };
}

/** Members that failed hold as anything else does that a person has to decide about. */
function holdOf({ rolling }: Rollout, stage: Stage | null): RolloutView["hold"] {
  if (stage === null) return null;
  if (rolling?.failing != null) return { on: "failure", reason: rolling.failing.text };
  return stage.at === "held" ? { on: stage.on, reason: stage.reason } : null;
}

function showStep(rollout: Rollout, step: Step, index: number, cursor: Cursor | null): StepView {
  const state = (): StepView["state"] => {
    const here = cursor?.step ?? rollout.plan.length;
    if (index === turnedBackAt(rollout)) return "stopped";
    if (index === here && rollout.endedAt === null) return "now";
    if (index > here) return rollout.endedAt === null ? "next" : "skipped";
    return rollout.promoted !== null && index > rollout.promoted.step && step.label !== "commit" && index < fullStep(rollout)
      ? "skipped"
      : "done";
  };
  return { label: step.label, shares: step.want.shares, state: state(), until: untilOf(step) };
}

/** The step that a rollout was in when it turned back, once it is no longer in it; null for all others. */
function turnedBackAt({ phase, backFrom }: Rollout): number | null {
  if (backFrom !== null) return backFrom - 1;
  return phase.phase === "reverted" ? phase.cursor.step : null;
}

function untilOf({ untilEvidence, after }: Step): StepView["until"] {
  if (untilEvidence) return "evidence";
  return after.some((task) => task.do === "approval") ? "approval" : "time";
}

/** Index of the first step that has the whole traffic: where a promotion goes to. */
function fullStep(rollout: Rollout): number {
  return rollout.plan.findIndex((step) => (step.want.shares[rollout.from] ?? 0) === 0);
}

function showCheck(rollout: Rollout, check: Check): CheckView {
  const { name } = check;
  const known = rollout.verdicts[name]?.verdict;
  if (known === undefined) return { name, is: "inconclusive", ...NOT_JUDGED };
  const { is, value, limit, samples, windowMs, text, basis } = known;
  const needed = basis?.needed ?? null;
  const said = { name, is, value, limit, samples, windowMs, needed, towards: towards(check, known) };
  return { ...said, text: isAdvisory(check) ? `advisory: ${text}` : text };
}

const NOT_JUDGED = {
  value: null,
  limit: "",
  samples: 0,
  windowMs: 0,
  needed: null,
  towards: { fail: null, pass: null },
  text: "not judged yet",
};

function sinceOf(rollout: Rollout, now: Now): number {
  const { phase } = rollout;
  switch (phase.phase) {
    case "moving":
      return phase.cursor.stage.at === "observing"
        ? phase.cursor.stage.asOf - phase.cursor.stage.servedMs
        : phase.cursor.stage.since;
    case "reverting":
    case "failed":
      return phase.since;
    case "paused":
    case "promoted":
    case "reverted":
      return phase.at;
    default:
      return never(phase) ?? now.t;
  }
}
