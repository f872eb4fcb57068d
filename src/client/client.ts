import type { ExplanationView } from "../core/explained.ts";
import type { PlanView } from "../core/planned.ts";
import type { CreatedToken, TokenView } from "../core/token.ts";
import type { TrafficView } from "../core/traffic.ts";
import type { EventView, ReloadView, RolloutView, ServiceView } from "../core/view.ts";
import { ended, type Until } from "./ended.ts";
import { type Kind, SluiceError, type Wrong } from "./error.ts";
import { type Follow, follow } from "./follow.ts";
import { type Answer, type Ask, ask, type Connection, type Fetch, type Init } from "./http.ts";
import type {
  Change,
  CommandRequest,
  EventPage,
  LatestEvents,
  NewTokenRequest,
  PageRequest,
  PlanRequest,
  RevisionPage,
  RolloutPage,
  Started,
  StartRequest,
  SwitchRequest,
  UndoRequest,
} from "./requests.ts";

/**
 * The typed client of the API: `import { connect } from "sluice/client"`.
 *
 * It needs the global fetch and nothing else, and works on Node 20 and newer.
 */

export type {
  Answer,
  Change,
  CommandRequest,
  CreatedToken,
  EventPage,
  EventView,
  ExplanationView,
  Fetch,
  Follow,
  Init,
  Kind,
  LatestEvents,
  NewTokenRequest,
  PageRequest,
  PlanRequest,
  PlanView,
  ReloadView,
  RevisionPage,
  RolloutPage,
  RolloutView,
  ServiceView,
  Started,
  StartRequest,
  SwitchRequest,
  TokenView,
  TrafficView,
  UndoRequest,
  Until,
  Wrong,
};
export { SluiceError };

export type Options = {
  /** `http://host:port` or `https://…`. */
  readonly url: string;
  readonly token?: string | null | undefined;
  /** Longest wait for an answer, streams aside. */
  readonly timeoutMs?: number | undefined;
  /** Instead of the global one: for a unix socket, or a certificate authority of your own. */
  readonly fetch?: Fetch | undefined;
  /** What messages call the controller, where the URL says little. */
  readonly place?: string | undefined;
};

const TIMEOUT_MS = 15_000;

/** A client for one controller. Nothing is sent until it is asked for something. */
export function connect(options: Options): Client {
  const url = options.url.replace(/\/+$/, "");
  const { token = null, timeoutMs = TIMEOUT_MS, place = url } = options;
  return new Client({ url, place, token, timeoutMs, fetch: options.fetch ?? fetch });
}

/** The calls of the API. Each rejects with a `SluiceError` that says why. */
export class Client {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Any call of the API by its path, for what has no method here. */
  request<T>(path: string, options: Ask = {}): Promise<T> {
    return ask(this.#connection, path, options);
  }

  // --- look

  /** That the process is up, and its version. Needs no token. */
  health(): Promise<{ readonly status: "ok"; readonly version: string }> {
    return this.request("/healthz");
  }

  /** Whose token this is, and what it may do. */
  whoami(): Promise<{ readonly name: string; readonly scopes: readonly string[]; readonly services: readonly string[] | null }> {
    return this.request("/v1/whoami");
  }

  async services(): Promise<readonly ServiceView[]> {
    return (await this.request<{ services: ServiceView[] }>("/v1/services")).services;
  }

  service(name: string): Promise<ServiceView> {
    return this.request(servicePath(name));
  }

  rollout(id: string): Promise<RolloutView> {
    return this.request(rolloutPath(id));
  }

  /** Why a rollout went on, back or nowhere, with what was counted. */
  explanation(id: string): Promise<ExplanationView> {
    return this.request(`${rolloutPath(id)}/explanation`);
  }

  /** Newest first. */
  rollouts(service: string, page: PageRequest = {}): Promise<RolloutPage> {
    return this.request(`${servicePath(service)}/rollouts${query(page)}`);
  }

  /** Finished rollouts, newest first; `before` is a number that all of them are below. */
  revisions(service: string, page: PageRequest & { readonly before?: number | null | undefined } = {}): Promise<RevisionPage> {
    return this.request(`${servicePath(service)}/revisions${query(page)}`);
  }

  /** A page of the journal, oldest first; `after` is the `seq` that all of them are above. */
  events(filter: EventFilter & PageRequest = {}): Promise<EventPage> {
    const { rollout = null, ...rest } = filter;
    return this.request(`${rollout === null ? "/v1/events" : `${rolloutPath(rollout)}/events`}${query(rest)}`);
  }

  /** The newest events, oldest first; `newest` is where to follow from. */
  latest(filter: Pick<EventFilter, "service"> & Pick<PageRequest, "limit"> = {}): Promise<LatestEvents> {
    return this.request(`/v1/events/latest${query(filter)}`);
  }

  /** Requests, failures and latencies of each pool over the last minutes, in points of a second or ten; `from` leaves out older ones. */
  traffic(service: string, page: { readonly everyMs?: 1_000 | 10_000; readonly from?: string } = {}): Promise<TrafficView> {
    return this.request(`${servicePath(service)}/traffic${query(page)}`);
  }

  /** Events as they happen, each once and in order, across lost connections, until `signal` aborts. */
  follow(options: Follow = {}): AsyncGenerator<EventView, void, undefined> {
    return follow(this.#connection, options);
  }

  /** What a start would do now; changes nothing. */
  plan(service: string, request: PlanRequest): Promise<PlanView> {
    // Without a key: what changes nothing is not to be kept as an answer.
    return this.request(`${servicePath(service)}/plan`, { method: "POST", body: request });
  }

  // --- move traffic

  async start(service: string, request: StartRequest, change: Pick<Change, "ifMatch"> = {}): Promise<Started> {
    return started(await this.#post(`${servicePath(service)}/rollouts`, request, change.ifMatch));
  }

  /** A blue-green rollout in one call. */
  async switchTo(service: string, request: SwitchRequest = {}, change: Pick<Change, "ifMatch"> = {}): Promise<Started> {
    return started(await this.#post(`${servicePath(service)}/switch`, request, change.ifMatch));
  }

  /** Back to an earlier revision, by a new rollout. */
  undo(service: string, request: UndoRequest = {}, change: Pick<Change, "ifMatch"> = {}): Promise<RolloutView> {
    return this.#post(`${servicePath(service)}/undo`, request, change.ifMatch);
  }

  /** A verb for the rollout of a service. It is stored when this resolves; nginx serves it a moment later. */
  command(service: string, { verb, ...rest }: CommandRequest, { ifMatch, reason = null }: Change = {}): Promise<RolloutView> {
    return this.#post(`${servicePath(service)}/rollout/${verb}`, withoutNull({ ...rest, reason }), ifMatch);
  }

  /** Sends the traffic back; accepted in every phase. */
  abort(service: string, change: Change = {}): Promise<RolloutView> {
    return this.command(service, { verb: "abort" }, change);
  }

  /**
   * Waits until a rollout is promoted or reverted, or has failed and needs a person, and resolves with it: see its `phase`. A wait
   * for an approval goes on; give a `signal` (`AbortSignal.timeout(…)`) to end it.
   */
  ended(id: string, options: Until = {}): Promise<RolloutView> {
    return ended(this.#connection, id, options);
  }

  // --- members

  /** The members of a pool from now on; null goes back to the configured ones. */
  setMembers(
    service: string,
    pool: string,
    members: readonly string[] | null,
    { ifMatch }: Pick<Change, "ifMatch"> = {},
  ): Promise<ServiceView> {
    const path = `${poolPath(service, pool)}/members`;
    const headers = matching(ifMatch);
    return this.request(path, members === null ? { method: "DELETE", headers } : { method: "PUT", body: members, headers });
  }

  /** Takes a member out of nginx (`draining`), or puts it back. */
  setMember(
    service: string,
    pool: string,
    member: string,
    state: "draining" | "ready",
    { ifMatch }: Pick<Change, "ifMatch"> = {},
  ): Promise<ServiceView> {
    const verb = state === "draining" ? "drain" : "ready";
    return this.#post(`${poolPath(service, pool)}/members/${encodeURIComponent(member)}/${verb}`, {}, ifMatch);
  }

  // --- for admins

  /** Has the controller read its configuration anew, all or nothing. */
  reload(): Promise<ReloadView> {
    return this.request("/v1/reload", { method: "POST", body: {} });
  }

  async tokens(): Promise<readonly TokenView[]> {
    return (await this.request<{ tokens: TokenView[] }>("/v1/tokens")).tokens;
  }

  /** The answer has the token, this once. */
  createToken(request: NewTokenRequest): Promise<CreatedToken> {
    return this.request("/v1/tokens", { method: "POST", body: request });
  }

  revokeToken(name: string): Promise<TokenView> {
    return this.request(`/v1/tokens/${encodeURIComponent(name)}`, { method: "DELETE" });
  }

  /** With a key of its own, so that a proxy's retry is not a second command. */
  #post<T>(path: string, body: object, ifMatch?: string | null | undefined): Promise<T> {
    return this.request(path, {
      method: "POST",
      body,
      headers: { "idempotency-key": crypto.randomUUID(), ...matching(ifMatch) },
    });
  }
}

type EventFilter = {
  readonly service?: string | null | undefined;
  readonly rollout?: string | null | undefined;
  readonly after?: number | undefined;
};

type Answered = RolloutView | { readonly code: "already-stable"; readonly service: ServiceView };

function started(answer: Answered): Started {
  return "code" in answer ? { is: "already-stable", service: answer.service } : { is: "started", rollout: answer };
}

function servicePath(name: string): string {
  return `/v1/services/${encodeURIComponent(name)}`;
}

function rolloutPath(id: string): string {
  return `/v1/rollouts/${encodeURIComponent(id)}`;
}

function poolPath(service: string, pool: string): string {
  return `${servicePath(service)}/pools/${encodeURIComponent(pool)}`;
}

function query(values: Readonly<Record<string, string | number | null | undefined>>): string {
  const set = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) if (value != null) set.set(key, String(value));
  const text = set.toString();
  return text === "" ? "" : `?${text}`;
}

function matching(tag: string | null | undefined): Readonly<Record<string, string>> {
  return tag == null ? {} : { "if-match": tag === "*" ? "*" : `"${tag}"` };
}

function withoutNull(values: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value != null));
}
