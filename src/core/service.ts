import type { Check, Hold } from "./check.ts";
import type { Freeze } from "./freeze.ts";
import type { Hook, Hooks } from "./hook.ts";
import type { Secret } from "./secret.ts";
import { type Bp, type Member, type Ms, never, type PoolName, type ServiceName, type TargetName } from "./units.ts";

/** How requests are divided: `weighted` is one upstream with weights, `live` is a table that nginx reads per request. */
export type Routing = "weighted" | "live";

/** What a client is recognised by, so that it stays in its pool while a share rises (`live` only). */
export type Key =
  | { readonly by: "random" }
  | { readonly by: "address" }
  | { readonly by: "header"; readonly name: string }
  | { readonly by: "cookie"; readonly name: string };

/** How a client asks for the candidate (`always`) or for stable (`never`) by itself (`live` only). */
export type Overrides = { readonly header: string | null; readonly cookie: string | null };

/** How nginx tries members: rendered into the upstream and, for `live`, into the server include. */
export type Tries = {
  /** nginx's `max_fails`; 0 because Sluice checks health, and nginx would move the traffic to the other pool. */
  readonly maxFails: number;
  /** nginx's `fail_timeout`; only means something where `maxFails` is above 0. */
  readonly failTimeoutMs: Ms;
  /** Idle keep-alive connections that each worker keeps to the members; 0 renders none. */
  readonly keepalive: number;
};

/** A periodic check of every endpoint. Without `path` it is a TCP connect. */
export type HealthCheck = {
  readonly path: string | null;
  /** Port to ask instead of the member's own. */
  readonly port: number | null;
  readonly intervalMs: Ms;
  readonly timeoutMs: Ms;
  /** Results in a row that turn a member ready. */
  readonly passes: number;
  /** Results in a row that turn a member down. */
  readonly fails: number;
  /** Status codes that count as healthy, both ends included. */
  readonly status: { readonly from: number; readonly to: number };
  /** Text that the body must contain (its first 64 kB). */
  readonly body: string | null;
  /** Host header to send; the member's own address where null. */
  readonly host: string | null;
  /** How long a rollout waits for the candidate to become healthy before it goes back. */
  readonly deadlineMs: Ms;
};

/** A number to judge by, and where it comes from. */
export type Metric = ScrapeMetric | NginxMetric | PrometheusMetric | HttpMetric | CommandMetric;

type Read = { readonly name: string; readonly intervalMs: Ms; readonly timeoutMs: Ms; readonly windowMs: Ms };

/** Read from each member's own metrics page in the Prometheus text format. */
export type ScrapeMetric = Read & {
  readonly source: "scrape";
  readonly path: string;
  /** Port to ask instead of the member's own. */
  readonly port: number | null;
  readonly measure: Measure;
};

/**
 * Counted from nginx's own log, per upstream attempt: the part of them that failed, or a quantile of their times in seconds.
 *
 * `sample` is the part of the requests that nginx writes down: 10 000 is all of them.
 */
export type NginxMetric = Read & { readonly source: "nginx"; readonly sample: Bp } & (
    | { readonly measure: "errors" }
    | { readonly measure: "latency"; readonly quantile: number }
  );

/** Whether a number that comes from elsewhere is a part of a whole (0.02 is 2 %), or a number in a unit of its own. */
export type NumberUnit = "ratio" | "number";

/** The one value that a PromQL instant query answers. `{{pool}}` and the like are filled into `query`. */
export type PrometheusMetric = Read &
  Fetch & { readonly source: "prometheus"; readonly query: string; readonly method: "GET" | "POST"; readonly unit: NumberUnit };

/** A number in a JSON answer, found by a path such as `data.errors[0].rate`. `{{pool}}` and the like are filled into `url`. */
export type HttpMetric = Read & Fetch & { readonly source: "http"; readonly pick: string; readonly unit: NumberUnit };

/** The number that a program says in its last line. `{{pool}}` and the like are filled into the arguments and `env`. */
export type CommandMetric = Read & {
  readonly source: "command";
  /** The program, then its arguments. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, Secret>>;
  readonly unit: NumberUnit;
};

/** How to ask a server for a number. */
export type Fetch = {
  readonly url: string;
  readonly auth:
    | { readonly by: "bearer"; readonly token: Secret }
    | { readonly by: "basic"; readonly user: string; readonly password: Secret }
    | null;
  readonly headers: Readonly<Record<string, Secret>>;
  /** File with the certificates (PEM) to trust instead of the usual ones, or null. */
  readonly ca: string | null;
};

/** The unit of what a metric measures, as verdicts show it. */
export function unitOf(metric: Metric): "ratio" | "quantile" | "number" {
  switch (metric.source) {
    case "scrape":
      return metric.measure.kind === "ratio" || metric.measure.kind === "quantile" ? metric.measure.kind : "number";
    case "nginx":
      return metric.measure === "errors" ? "ratio" : "quantile";
    case "prometheus":
    case "http":
    case "command":
      return metric.unit;
    default:
      return never(metric);
  }
}

/** Whether a metric knows how many requests its number comes from; where it does not, `minRequests` means nothing. */
export function countsRequests(metric: Metric): boolean {
  if (metric.source === "scrape") return metric.measure.kind === "ratio" || metric.measure.kind === "quantile";
  return metric.source === "nginx";
}

/**
 * `ratio`: the increase of one selector over that of another. `quantile`: of a histogram's increase, in its own unit. `rate`: how often a
 * counter rises, per second and member. `gauge`: a number that goes up and down, as the mean over the window and the members.
 */
export type Measure =
  | { readonly kind: "ratio"; readonly of: string; readonly to: string }
  | { readonly kind: "quantile"; readonly q: number; readonly of: string }
  | { readonly kind: "rate"; readonly of: string }
  | { readonly kind: "gauge"; readonly of: string };

/** Whether one read of a metric tells of every pool of the service, so that a comparison needs no second one. */
export function readsEveryPool(metric: Metric): boolean {
  return metric.source === "nginx";
}

/** One line of `canary.steps`: exactly one action. */
export type CanaryStep =
  | {
      readonly kind: "share";
      readonly share: Bp;
      readonly forMs: Ms;
      readonly needs: readonly string[] | null;
      readonly hold: Hold | null;
    }
  | {
      readonly kind: "approval";
      readonly share: Bp;
      readonly needs: readonly string[] | null;
      readonly hold: Hold | null;
      /** How long a person may take, and what happens then; null waits for ever. */
      readonly within: { readonly ms: Ms; readonly then: "abort" | "wait" | "advance" } | null;
    }
  /** Ends as soon as the checks that it needs have passed, once `forMs` are over. */
  | {
      readonly kind: "evidence";
      readonly share: Bp;
      readonly forMs: Ms;
      readonly needs: readonly string[] | null;
      readonly hold: Hold | null;
    }
  | {
      readonly kind: "ramp";
      readonly to: Bp;
      readonly overMs: Ms;
      readonly needs: readonly string[] | null;
      readonly hold: Hold | null;
    };

export type CanarySettings = {
  readonly steps: readonly CanaryStep[];
  readonly checks: readonly Check[];
  readonly hold: Hold;
  /** How long the candidate keeps all the traffic, reversible at once, before it becomes the rendered default. */
  readonly bakeMs: Ms;
};

export type BlueGreenSettings = {
  /** Header whose value `always` reaches the candidate before anybody else does (`live` only). */
  readonly preview: { readonly header: string; readonly forMs: Ms | null } | null;
  readonly checks: readonly Check[];
  readonly hold: Hold;
  readonly bakeMs: Ms;
};

/** A number of members, or a part of all of them in basis points. */
export type Amount = { readonly count: number } | { readonly bp: Bp };

/** How the members of one pool are updated in place, some at a time. */
export type RollingSettings = {
  /** The pool that is updated; null means the one that is stable. Spares belong to it, so where there are spares it has a name. */
  readonly pool: PoolName | null;
  /** Members that are updated at the same time; a part is rounded down, and is at least one. */
  readonly batch: Amount;
  /** Between the end of a batch's `monitor` and the next batch. */
  readonly delayMs: Ms;
  /** How long requests in flight may take to end. */
  readonly drainMs: Ms;
  readonly onDrainTimeout: "proceed" | "abort";
  readonly deploy: Hook;
  /** Null where nothing can put the old version back. */
  readonly rollback: { readonly hook: Hook; readonly batch: Amount; readonly delayMs: Ms } | null;
  /** How long a member must have been healthy before it is put back. */
  readonly minHealthyMs: Ms;
  /** How long it may take to get there. */
  readonly deadlineMs: Ms;
  /** How long the share of a member that is put back takes to rise to its whole; 0 gives it all at once. */
  readonly slowStartMs: Ms;
  /** How long a batch is judged against its peers. */
  readonly monitorMs: Ms;
  /** How many of the pool's members may be missing at a time, rounded down; null means as many as a batch has. */
  readonly maxUnavailable: Amount | null;
  /** Members that are brought in first and leave last; nothing is sent to them otherwise. */
  readonly spares: readonly Member[];
  /** Members that may fail before `onFailure` holds, rounded down. */
  readonly maxFailures: Amount;
  readonly onFailure: "pause" | "rollback" | "continue";
  /** Members that are updated first, in this order; the others follow as they are listed. */
  readonly order: readonly Member[];
  /** Members that are not touched. */
  readonly exclude: readonly Member[];
  readonly checks: readonly Check[];
  readonly hold: Hold;
};

/** Everything that the configuration says of one service, with every default filled in. */
export type ServiceSettings = {
  readonly name: ServiceName;
  readonly routing: Routing;
  readonly key: Key;
  readonly overrides: Overrides;
  readonly tries: Tries;
  /** Two or more. */
  readonly pools: Readonly<Record<PoolName, { readonly members: readonly Member[] }>>;
  /** Holds only until something is stored. */
  readonly stable: PoolName;
  /** The nginx targets that serve it. */
  readonly targets: readonly TargetName[];
  readonly health: HealthCheck;
  readonly metrics: Readonly<Record<string, Metric>>;
  /** Null where the configuration has no `canary:`; a canary then needs its steps in the call. */
  readonly canary: CanarySettings | null;
  readonly blueGreen: BlueGreenSettings;
  /** Null where the configuration has no `rolling:`. */
  readonly rolling: RollingSettings | null;
  readonly hooks: Hooks;
  readonly freezes: readonly Freeze[];
};
