import type { Hook, HookPoint } from "./hook.ts";
import type { Notice, Notifier } from "./notify.ts";
import type { Report, Route, Want } from "./route.ts";
import type { HealthCheck, Metric } from "./service.ts";
import type { Series } from "./traffic.ts";
import type { Endpoint, Json, Member, Ms, Now, PoolName, ServiceName, Shares, TargetName } from "./units.ts";

/** What a store holds at a key: `revision` is the store's counter at its last write, above 0. */
export type Entry = { readonly key: string; readonly value: Json; readonly revision: number };

/** Holds where the key's last write has this revision; 0 means that the key is absent. */
export type Compare = { readonly key: string; readonly revision: number };

export type Write = { readonly put: string; readonly value: Json } | { readonly delete: string };

export type Change =
  | { readonly is: "change"; readonly revision: number; readonly key: string; readonly value: Json | null }
  /** Changes before `revision` are no longer kept: read everything anew. */
  | { readonly is: "compacted"; readonly revision: number };

/**
 * Where state lives. Keys are paths of `[A-Za-z0-9._:-]+` joined by `/`, and sort bytewise.
 *
 * Every call rejects with a `StoreError` where the store cannot do its work (disk full, gone, foreign).
 */
export interface Store extends AsyncDisposable {
  get(key: string): Promise<Entry | null>;
  /** In key order; `after` is exclusive; `reverse` starts from the end. */
  list(prefix: string, page?: { after?: string; limit?: number; reverse?: boolean }): Promise<readonly Entry[]>;
  /**
   * All of the writes if all of the compares hold, else none. At most 128 operations and 1 MB (etcd's limits).
   * `revision` is the revision of this write.
   */
  txn(compares: readonly Compare[], writes: readonly Write[]): Promise<{ ok: true; revision: number } | { ok: false }>;
  /** Changes below `prefix` with a revision above `from`, then as they happen, until `signal` aborts. */
  watch(prefix: string, from: number, signal: AbortSignal): AsyncIterable<Change>;
  /**
   * The right to drive. Rejects with a `StoreError` of code `locked` (with who holds it) where another process has it;
   * it is given back by disposing, or by the end of the process however it ends.
   */
  lease(holder: string): Promise<Lease>;
}

/** Held by the one process that drives. `epoch` is larger each time it is taken. */
export interface Lease extends AsyncDisposable {
  readonly epoch: string;
}

/** One nginx, brought to the routes that are wanted and kept there. */
export interface Target extends AsyncDisposable {
  readonly name: TargetName;
  /**
   * The whole truth for this target; replaces what was wanted before. `next` is what may be wanted soon: to get ready for, as long
   * as that holds up nothing. Returns at once.
   */
  want(routes: readonly Route[], next?: readonly Next[]): void;
  /** Called with each new report until the target is disposed. One listener. */
  onReport(listener: (report: Report) => void): void;
}

/** What a service may want next. */
export type Next = { readonly service: ServiceName; readonly want: Want };

/** What one look at an endpoint found. A failure is a value. */
export type Probe = { readonly healthy: true } | { readonly healthy: false; readonly reason: string };

/** Asks one endpoint once; never rejects, ends within the check's timeout. */
export type ProbeEndpoint = (check: HealthCheck, endpoint: Endpoint, member: Member) => Promise<Probe>;

/** The addresses of a member now, sorted; rejects with the resolver's reason where the name has none. */
export type Resolve = (member: Member) => Promise<readonly Endpoint[]>;

/**
 * What is known of a metric for one rollout: raw counters per series at the last read, and the increases between reads.
 * It is stored as it is, so that a kill counts nothing twice.
 */
export type Evidence = {
  readonly metric: string;
  /** Values by endpoint and series at the last read of that endpoint. */
  readonly last: Readonly<
    Record<Endpoint, { readonly t: Ms; readonly started: number | null; readonly series: Readonly<Record<string, number>> }>
  >;
  readonly slices: readonly Slice[];
  /** Why the newest read told nothing, in words; null where it worked. */
  readonly problem: string | null;
  /** Why the newest read worked and found no number, in words: nothing is broken, there is nothing yet. Else null. */
  readonly lacking: string | null;
};

/** Increases between two reads, controller time. `counts` is `{ of, to }` for a ratio, by `le` for a histogram, `{ value }` for a number that comes ready. */
export type Slice = { readonly from: Ms; readonly to: Ms; readonly counts: Readonly<Record<string, number>> };

/** A window of evidence boiled down to a number. */
export type Measurement = {
  /** Null where there is nothing to divide or rank. */
  readonly value: number | null;
  /** Requests or observations that `value` comes from; null where the source does not count them. */
  readonly samples: number | null;
  /** The time that the slices cover, controller time; null where there are none. */
  readonly from: Ms | null;
  readonly to: Ms | null;
  /** Evidence that is broken, in words. */
  readonly problem: string | null;
  /** Why there is no number although nothing is broken, in words; null where there is one, or nothing to say. */
  readonly lacking: string | null;
};

/** What a metric is read of: a pool of a service, and the endpoints of it that get traffic. */
export type Subject = {
  readonly service: ServiceName;
  readonly pool: PoolName;
  /** The version that the rollout brings; null where nobody named it. */
  readonly version: string | null;
  readonly endpoints: readonly Endpoint[];
  /** The name that its requests are counted under, where it is only some members of the pool; else they are counted under the pool's. */
  readonly arm?: string;
  /** Controller time since which the step's route is served; what began before says nothing about it. Nothing is left out without it. */
  readonly since?: Ms;
  /** What the candidate's latencies are to be divided by, less 1, in comparisons: it cannot be taken off afterwards. */
  readonly margins?: readonly number[];
};

export interface MetricSource<M extends Metric = Metric> {
  /** Reads once and adds what it saw; never rejects; bounded in time and memory. */
  sample(metric: M, subject: Subject, before: Evidence | null, now: Now): Promise<Evidence>;
  /** The evidence of slices that lie wholly between `from` and `to`. */
  measure(metric: M, evidence: Evidence, from: Ms, to: Ms): Measurement;
}

/** A source that also counts failures and requests, so that two pools can be compared. */
export interface CountingSource<M extends Metric = Metric> extends MetricSource<M> {
  /**
   * What both pools did over the same stretch of time, the next one after `from` that is complete on both: what was asked for until `to`
   * of one answer and from there on in the next counts nothing twice. Null where there is nothing new, or one of them could not be read.
   * Ask until it is null: there may be several. Where a stretch ends must not depend on failures. Latencies of the candidate are those
   * that were divided by 1 + `margin`.
   */
  arms(metric: M, both: Both, from: Ms, margin: number): Arms | null;
  /**
   * Calls `soon`, again and again, while so much of a pool's newest traffic fails that the next read should not wait for the
   * interval; the answer ends it. Absent where a read is a load for somebody.
   */
  hurry?(metric: M, subject: Pick<Subject, "service" | "pool" | "arm">, soon: () => void): () => void;
}

/** Evidence of two pools; the same where one read tells of both. */
export type Both = {
  readonly canary: { readonly pool: PoolName; readonly evidence: Evidence };
  readonly stable: { readonly pool: PoolName; readonly evidence: Evidence };
};

/** What either pool did between the same two instants of controller time, by what a metric compares. */
export type Arms = { readonly from: Ms; readonly to: Ms } /** `n` requests of which `x` failed. */ & (
  | { readonly of: "failures"; readonly canary: Count; readonly stable: Count }
  /** Requests that did not fail by bucket of latency: bucket k ends at 1.05^k ms. The candidate's were divided by 1 + margin before they were counted. */
  | { readonly of: "latencies"; readonly canary: readonly number[]; readonly stable: readonly number[] }
  /** `n` requests, of which `counts[i]` took `bounds[i]` or less; the bounds are finite, and rise. */
  | { readonly of: "buckets"; readonly canary: Buckets; readonly stable: Buckets }
  /** `x` events in `n` seconds of all members together. */
  | { readonly of: "events"; readonly canary: Count; readonly stable: Count }
  /** What a gauge was at each read: of the candidate the median of its members, of stable each member by its address. */
  | { readonly of: "gauge"; readonly samples: readonly GaugeRead[] }
);

type Count = { readonly n: number; readonly x: number };

type GaugeRead = { readonly canary: number; readonly stable: Readonly<Record<Endpoint, number>> };

type Buckets = { readonly bounds: readonly number[]; readonly counts: readonly number[]; readonly n: number };

/** By service: addresses whose requests are counted under a name of their own (`Subject.arm`) instead of their pool's. */
export type Apart = Readonly<Record<ServiceName, { readonly arm: string; readonly endpoints: readonly Endpoint[] }>>;

/** Counts requests by pool as nginx serves them, whatever the shares are meant to be. */
export interface Observer {
  /** All routes that are wanted of a target now: which addresses belong to which pool. Returns at once. */
  know(target: TargetName, routes: readonly Route[], apart?: Apart): void;
  /** What a target has proved: nginx's own log is held against it. */
  proved(report: Report): void;
  /** Requests by pool (scaled up where only a part is written down) in the newest time that is complete; null where nothing counts. */
  observed(service: ServiceName): { readonly requests: Readonly<Record<PoolName, number>>; readonly windowMs: Ms } | null;
  /** The same over some minutes: `n` requests by pool, of which `x` failed at the first try. */
  traffic(service: ServiceName): Traffic | null;
  /** Point after point of a length of `POINT_LENGTHS`, as far as they are complete and kept, from an instant of the wall clock on. */
  series(service: ServiceName, everyMs: Ms, from: Ms): Series | null;
}

export type Traffic = {
  readonly pools: Readonly<Record<PoolName, { readonly n: number; readonly x: number }>>;
  readonly windowMs: Ms;
};

/** Shows what nginx's files would be, without changing anything. */
export interface Preview {
  /**
   * A target's files for one service, route after route, in the order in which they would be wanted; `wanted` is all that is wanted of
   * the target now. Rejects with a reason for people where they cannot be rendered.
   */
  preview(target: TargetName, wanted: readonly Route[], next: readonly Route[]): Promise<readonly Previewed[]>;
}

/** `reload`: the files differ from those before. `diff` is unified, against what lies on disk now, apart from the generation's number. */
export type Previewed = { readonly reload: boolean; readonly diff: string };

/** A hook that is to run, and what is filled into it. */
export type HookCall = {
  readonly hook: Hook;
  readonly point: HookPoint;
  /** The same for every try of the same work: given as SLUICE_KEY and as Idempotency-Key, so that doing it twice can be told. */
  readonly key: string;
  readonly service: ServiceName;
  readonly rollout: string;
  readonly strategy: string;
  readonly from: PoolName;
  readonly pool: PoolName;
  readonly version: string | null;
  readonly step: string;
  readonly shares: Shares;
  readonly member: Member | null;
};

/** How a hook ended. `output` is the end of what it said. */
export type HookEnd = { readonly ok: boolean; readonly text: string; readonly output: string };

/** Runs hooks. A failure is a value. */
export interface HookRunner {
  /**
   * Runs a hook once, to its end or its deadline; never rejects. `started` is called with the process id before anything depends on it.
   * Where `signal` aborts, whatever it started is ended.
   */
  run(call: HookCall, started: (pid: number) => Promise<void>, signal: AbortSignal): Promise<HookEnd>;
  /** Ends what an earlier process left running for this key, and resolves once it is gone. */
  endLeftOver(key: string, pid: number | null): Promise<void>;
}

/**
 * Tells somebody of a rollout, in as many tries as the deadline allows. Never rejects; where `signal` aborts, it gives up at once.
 */
export type Notify = (
  notifier: Notifier,
  notice: Notice,
  signal: AbortSignal,
) => Promise<{ readonly ok: boolean; readonly text: string }>;

/** One line per thing that happened. Fields are data; secrets are redacted by the adapter. */
export interface Log {
  debug(text: string, fields?: Readonly<Record<string, unknown>>): void;
  info(text: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(text: string, fields?: Readonly<Record<string, unknown>>): void;
  error(text: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Remembers aborts where the store cannot. Every call throws a `StoreError` where even that fails. */
export interface AbortFiles {
  /** Call when a rollout starts. */
  prepareAbort(rollout: string): void;
  /** Outlives a power cut once it returns. */
  recordAbort(rollout: string): void;
  /** Rollouts whose abort was recorded and not yet cleared. */
  takeAborts(): readonly string[];
  /** Call once the abort is in the store, or the rollout is over. */
  clearAbort(rollout: string): void;
}
