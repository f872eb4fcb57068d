import type { Compare, Store, Write } from "../core/ports.ts";
import { firstRevision, revisionOf } from "../core/revision.ts";
import type { Rolling } from "../core/rolling.ts";
import { leftOut } from "../core/rolling-batch.ts";
import type { Fact, Rollout } from "../core/rollout.ts";
import type { Route, Shape } from "../core/route.ts";
import { routeOf } from "../core/route-of.ts";
import type { Overrides, ServiceSettings } from "../core/service.ts";
import type { Json, Now } from "../core/units.ts";
import { isUrgent } from "../core/way-back.ts";
import type { Journal } from "./journal.ts";
import { BLIND, firstState, listedOf, restingWant, type ServiceState, type Sight, sightOf } from "./service-state.ts";
import { storedRollout } from "./stored-rollout.ts";

/** Everything that is known of one service at one moment. A change makes the next one. */
export type ServiceRecord = {
  readonly state: ServiceState;
  /** The newest rollout, whether it is under way or over. */
  readonly rollout: Rollout | null;
  readonly route: Route;
  readonly sight: Sight;
};

/** The store's revisions of a record's parts; 0 where a part is not stored yet. */
export type Revisions = {
  readonly state: number;
  readonly rollout: number;
  readonly route: number;
  readonly sight: number;
  readonly active: number;
};

export type Stored = { readonly record: ServiceRecord; readonly revisions: Revisions };

export function isOver(rollout: Rollout): boolean {
  return rollout.phase.phase === "promoted" || rollout.phase.phase === "reverted";
}

/** The rollout that holds the service's slot, or null. */
export function underWay(record: ServiceRecord): Rollout | null {
  return record.rollout !== null && !isOver(record.rollout) ? record.rollout : null;
}

/** What is stable, and what stands of the last want, once a rollout is over. */
export function endState(state: ServiceState, rollout: Rollout | null, before: Rollout | null): ServiceState {
  if (rollout === null || !isOver(rollout) || rollout === before) return state;
  if (rollout.rolling !== null) return rolledState(state, rollout, rollout.rolling);
  const promoted = rollout.phase.phase === "promoted";
  return {
    ...state,
    stable: promoted ? rollout.to : rollout.from,
    other: promoted ? rollout.from : rollout.to,
    seed: rollout.id,
    by: { rollout: rollout.id, seq: rollout.seq },
    revision: state.revision + 1,
  };
}

/** The pool stays what it was; members that it went on without stay out until somebody puts them back. */
function rolledState(state: ServiceState, rollout: Rollout, rolling: Rolling): ServiceState {
  const { pool, excluded, settings } = rolling;
  const drained = state.drained[pool] ?? [];
  // A spare that failed is out anyway; one that a person excluded must not come back with the next rollout.
  const failed = rollout.phase.phase === "promoted" ? leftOut(rolling).filter((member) => !settings.spares.includes(member)) : [];
  const more = [...new Set([...excluded, ...failed])].filter((member) => !drained.includes(member));
  return {
    ...state,
    seed: rollout.id,
    by: { rollout: rollout.id, seq: rollout.seq },
    revision: state.revision + 1,
    drained: more.length === 0 ? state.drained : { ...state.drained, [pool]: [...drained, ...more] },
  };
}

const keys = {
  state: (service: string) => `services/${service}`,
  rollout: (id: string) => `rollouts/${id}`,
  route: (service: string) => `routes/${service}`,
  sight: (service: string) => `health/${service}`,
  active: (service: string) => `active/${service}`,
  revision: (service: string, number: number) => `revisions/${service}/${String(number).padStart(6, "0")}`,
};

export function revisionKey(service: string, number: number): string {
  return keys.revision(service, number);
}

/** Where the evidence of a rollout's metric is kept while it is under way. */
export function evidenceKey(rollout: string, metric: string): string {
  return `evidence/${rollout}/${metric}`;
}

/** Where the evidence of the pool is kept that a rollout's metric is compared with. */
export function stableKey(rollout: string, metric: string): string {
  return `${evidenceKey(rollout, metric)}:stable`;
}

/** Where the state of a comparison is kept. */
export function comparedKey(rollout: string, check: string): string {
  return `${evidenceKey(rollout, check)}:compared`;
}

/** Below this, the runs of a rollout's hooks are kept, also after it. */
export function hookRunsPrefix(rollout: string): string {
  return `hooks/${rollout}/`;
}

/** Where the newest run of a task's hook is kept. */
export function hookRunKey(rollout: string, task: string): string {
  return `${hookRunsPrefix(rollout)}${task.replace(/[^A-Za-z0-9._:-]/g, "_")}`;
}

/** Where the windows of a comparison are kept, also after its rollout: they explain it, and can be replayed. */
export function windowsKey(rollout: string, check: string): string {
  return `windows/${rollout}/${check}`;
}

function evidenceKeysOf({ id, metrics, checks }: Rollout): readonly string[] {
  const compares = checks.filter(({ rule }) => rule.kind === "compare");
  return [
    ...metrics.map(({ name }) => evidenceKey(id, name)),
    ...new Set(compares.map(({ metric }) => stableKey(id, metric))),
    ...compares.map(({ name }) => comparedKey(id, name)),
  ];
}

/** What is stored of a service; what is configured where nothing is. */
export async function loadRecord(store: Pick<Store, "get">, settings: ServiceSettings, epoch: string): Promise<Stored> {
  const service = settings.name;
  const [state, route, sight, active] = await Promise.all([
    store.get(keys.state(service)),
    store.get(keys.route(service)),
    store.get(keys.sight(service)),
    store.get(keys.active(service)),
  ]);
  const known = (state?.value as ServiceState | undefined) ?? firstState(settings);
  const rollout = known.rollout === null ? null : await store.get(keys.rollout(known.rollout));
  const parts = {
    state: known,
    rollout: rollout === null ? null : storedRollout(rollout.value),
    sight: (sight?.value as Sight | undefined) ?? BLIND,
  };
  return {
    // What is stored, even where it would be composed otherwise now: only then is a difference seen, and saved.
    record: { ...parts, route: (route?.value as Route | undefined) ?? composeRoute(parts, settings, null, epoch) },
    revisions: {
      state: state?.revision ?? 0,
      rollout: rollout?.revision ?? 0,
      route: route?.revision ?? 0,
      sight: sight?.revision ?? 0,
      active: active?.revision ?? 0,
    },
  };
}

/** What nginx should do for a service, from all that is known of it. */
export function composeRoute(
  parts: Omit<ServiceRecord, "route">,
  settings: ServiceSettings,
  last: Route | null,
  epoch: string,
): Route {
  const { state, rollout } = parts;
  const moving = rollout !== null && !isOver(rollout) ? rollout : null;
  return routeOf({
    service: settings.name,
    want: moving?.want ?? restingWant(state, settings),
    by: moving === null ? state.by : { rollout: moving.id, seq: moving.seq },
    shape: shapeOf(settings),
    pools: sightOf(state, settings, parts.sight, moving),
    last,
    epoch,
    urgent: moving !== null && isUrgent(moving),
  });
}

/** nginx looks at one header a service: that of the overrides, which the preview shares, or that of the preview. */
function overridesOf({ overrides, blueGreen }: ServiceSettings): Overrides {
  return { ...overrides, header: overrides.header ?? blueGreen.preview?.header ?? null };
}

function shapeOf(settings: ServiceSettings): Shape {
  const { routing, key, tries, metrics } = settings;
  const overrides = overridesOf(settings);
  // Only a service that is judged by nginx's log has a sample: the others pay nothing for it.
  const samples = Object.values(metrics).flatMap((metric) => (metric.source === "nginx" ? metric.sample : []));
  const shape = { routing, key, overrides, tries };
  return samples.length === 0 ? shape : { ...shape, log: { sample: Math.max(...samples) } };
}

/** That a check passes has to be seen by the process that goes on because of it. */
export function withoutPasses(rollout: Rollout | null): Rollout | null {
  if (rollout === null || isOver(rollout)) return rollout;
  const verdicts = Object.fromEntries(Object.entries(rollout.verdicts).filter(([, { verdict }]) => verdict.is !== "pass"));
  return { ...rollout, verdicts };
}

/** Saves the parts that differ, with the journal's lines, if nobody wrote them meanwhile; null where somebody did. */
export async function saveRecord(
  journal: Journal,
  before: Stored,
  after: ServiceRecord,
  facts: readonly Fact[],
  now: Now,
  settings: ServiceSettings,
): Promise<Stored | null> {
  const service = after.route.service;
  const { revisions } = before;
  const compares: Compare[] = [];
  const writes: Write[] = [];
  const put = (key: string, value: unknown, revision: number) => {
    compares.push({ key, revision });
    writes.push({ put: key, value: value as Json });
  };
  const fresh = after.rollout?.id !== before.record.rollout?.id;
  const changed = {
    state: after.state !== before.record.state || revisions.state === 0,
    rollout: after.rollout !== null && after.rollout !== before.record.rollout,
    route: after.route !== before.record.route || revisions.route === 0,
    sight: after.sight !== before.record.sight,
  };
  if (changed.state) put(keys.state(service), after.state, revisions.state);
  if (changed.rollout && after.rollout !== null)
    put(keys.rollout(after.rollout.id), after.rollout, fresh ? 0 : revisions.rollout);
  if (changed.route) put(keys.route(service), after.route, revisions.route);
  if (changed.sight) put(keys.sight(service), after.sight, revisions.sight);
  const slot = slotChange(revisions.active, after);
  const { stable, revision: number } = after.state;
  const members = listedOf(after.state, settings, stable);
  if (slot === "taken") put(keys.active(service), { rollout: after.rollout?.id ?? null }, 0);
  if (slot === "taken" && after.state.count === 1)
    writes.push({ put: keys.revision(service, 0), value: firstRevision(stable, members) });
  if (slot === "given back" && after.rollout !== null) {
    compares.push({ key: keys.active(service), revision: revisions.active });
    // What the metrics said is in the verdicts; the raw counters are of no use any more.
    for (const key of evidenceKeysOf(after.rollout)) writes.push({ delete: key });
    writes.push(
      { delete: keys.active(service) },
      { put: keys.revision(service, number), value: revisionOf(after.rollout, { number, stable, members }) },
    );
  }
  if (writes.length === 0 && facts.length === 0) return { record: after, revisions };
  const revision = await journal.commit(compares, writes, { service, rollout: after.rollout?.id ?? null }, facts, now);
  if (revision === null) return null;
  const next = (part: boolean, known: number) => (part ? revision : known);
  return {
    record: after,
    revisions: {
      state: next(changed.state, revisions.state),
      rollout: next(changed.rollout, revisions.rollout),
      route: next(changed.route, revisions.route),
      sight: next(changed.sight, revisions.sight),
      active: slot === "taken" ? revision : slot === "given back" ? 0 : revisions.active,
    },
  };
}

/** One rollout a service: its slot is a key that is created with a compare, and deleted at its end. */
function slotChange(active: number, after: ServiceRecord): "taken" | "given back" | "kept" {
  const holds = underWay(after) !== null;
  if (holds && active === 0) return "taken";
  return !holds && active !== 0 ? "given back" : "kept";
}
