import type { Key, Overrides, Routing, Tries } from "./service.ts";
import type { Bp, Endpoint, Member, Ms, PoolName, ServiceName, Shares, TargetName } from "./units.ts";

/** What a rollout wants of the traffic. A rollout applies nothing itself: it holds one of these. */
export type Want = {
  readonly shares: Shares;
  /** The pool that is nginx's rendered default. */
  readonly base: PoolName;
  /** The pool that a share can move to without a reload. */
  readonly other: PoolName | null;
  /** Seeds the order in which clients move to `other`. */
  readonly seed: string;
  /** Members that get nothing, whatever their health. */
  readonly out: readonly Member[];
  /** Members that get only a part of what they would. */
  readonly ease: Readonly<Record<Member, Bp>>;
  /** Spare members that get traffic; left out where there are none, and a spare that is not named gets nothing. */
  readonly extra?: readonly Member[];
  /** True where clients may choose `other` by header or cookie although its share is 0. */
  readonly preview: boolean;
};

/** Which want of which rollout a route comes from; `seq` rises with every change of the want. */
export type By = { readonly rollout: string; readonly seq: number };

/** An endpoint's place in an upstream: `ready` gets requests, `draining` and `down` are rendered as `down`. */
export type EndpointState = "ready" | "draining" | "down";

/** The settings that a rendering needs beside the want, so that a route is complete without the configuration. */
export type Shape = {
  readonly routing: Routing;
  readonly key: Key;
  readonly overrides: Overrides;
  readonly tries: Tries;
  /** Present where a metric counts what nginx writes down: the part of the requests that it writes. */
  readonly log?: { readonly sample: Bp };
};

/** What nginx should do for a service now. `version` rises with every change of anything in it. */
export type Route = Want & {
  readonly service: ServiceName;
  readonly version: number;
  /** Which controller wrote it; agents refuse a lower one. */
  readonly epoch: string;
  readonly by: By | null;
  /** Every pool of the service, with every endpoint of its members (a member without an address has none). */
  readonly endpoints: Readonly<Record<PoolName, Readonly<Record<Endpoint, EndpointState>>>>;
  /** Parts for endpoints of eased members, 1 to 9 999; an endpoint that is not named has its whole part. */
  readonly eased: Readonly<Record<Endpoint, Bp>>;
  readonly shape: Shape;
  /** True on the way back: never paced, and the closing wait is skipped. */
  readonly urgent: boolean;
};

/** What a target proved. */
export type Report = {
  readonly target: TargetName;
  /** Rises with every report of the target, so that one that comes late is told from a new one. */
  readonly order: number;
  /** `number-hash` of the generation that every worker serves; empty where none was proved yet. */
  readonly generation: string;
  /** Wall clock. */
  readonly at: Ms;
  /** Generations of workers that are still shutting down. */
  readonly lingering: number;
  /** What keeps every service from being applied (nginx not running, an error outside our files), or null. */
  readonly blocked: string | null;
  /** What the applier waits for now, for people: pacing, lingering generations, nginx to start; null when idle. */
  readonly waiting: string | null;
  /**
   * Connections of nginx's workers to endpoints; one that is not known is not named. Of an endpoint that is wanted out these are the
   * requests in flight, and 0 is said only once nginx is proved to have it out. Of one that is in, idle keep-alive connections count too.
   */
  readonly inFlight: Readonly<Record<Endpoint, number>>;
  readonly services: Readonly<Record<ServiceName, ServiceReport>>;
};

export type ServiceReport = {
  /** The route that is proved to be served. */
  readonly version: number;
  readonly by: By | null;
  readonly shares: Shares;
  /** The newest route that nginx did not take, in the words of nginx or of our own check; null once a newer one is served. */
  readonly refused: { readonly version: number; readonly text: string } | null;
};
