import type { Route } from "../core/route.ts";
import type { Ms, ServiceName } from "../core/units.ts";
import { canonical, wholly } from "../core/want.ts";
import type { Manifest } from "./files.ts";
import type { Stub } from "./render.ts";
import type { Change } from "./suspects.ts";

/** A route that nginx did not take. It is tried again from `retryAt` on, and at once when it changes. */
export type Held = { readonly key: string; readonly text: string; readonly tries: number; readonly retryAt: Ms };

/** What a generation is rendered from. */
export type Parts = { readonly routes: readonly Route[]; readonly stubs: readonly Stub[] };

const FIRST_RETRY_MS: Ms = 2_000;
const LONGEST_RETRY_MS: Ms = 60_000;

const keys = new WeakMap<Route, string>();

/** Equal for routes that render alike: for `live`, shares are in the tables and not in the files. */
export function renderKey(route: Route): string {
  const known = keys.get(route);
  if (known !== undefined) return known;
  const { service, base, other, endpoints, eased, shape } = route;
  const common = { service, base, other, endpoints, eased, shape };
  const key = canonical(shape.routing === "live" ? common : { ...common, shares: route.shares });
  keys.set(route, key);
  return key;
}

const indexes = new WeakMap<readonly Route[], ReadonlyMap<ServiceName, Route>>();

/** Routes by service; made once for each list. */
export function byService(routes: readonly Route[]): ReadonlyMap<ServiceName, Route> {
  const known = indexes.get(routes) ?? new Map(routes.map((route) => [route.service, route]));
  indexes.set(routes, known);
  return known;
}

/** True where the parts render to what is rendered already, apart from services that are gone. */
export function alike(parts: Parts, rendered: ReadonlyMap<ServiceName, Route>): boolean {
  const { routes } = parts;
  return routes.length === rendered.size && routes.every((route) => sameKey(rendered.get(route.service), route) !== null);
}

/** `a` where it renders like `b`, else null. */
export function sameKey(a: Route | undefined, b: Route): Route | null {
  return a !== undefined && renderKey(a) === renderKey(b) ? a : null;
}

/** Equal for parts that render alike. */
export function keysOf(parts: Parts): string {
  return parts.routes.map(renderKey).join("\n");
}

/** What of `parts` differs from what is good. */
export function changesOf(parts: Parts, disk: Parts | null): readonly Change[] {
  const good = byService(disk?.routes ?? []);
  return parts.routes
    .filter((route) => sameKey(good.get(route.service), route) === null)
    .map((route) => ({ service: route.service, key: renderKey(route), urgent: route.urgent }));
}

/**
 * What to render now: every wanted route, but for those that nginx just refused the last good part of them. `stubbed`: what was
 * never rendered gets files that lead nowhere, for a configuration of the user's that includes them already.
 */
export function compose(
  wanted: readonly Route[],
  held: ReadonlyMap<ServiceName, Held>,
  disk: Manifest | null,
  now: Ms,
  stubbed: boolean,
): Parts {
  const good = byService(disk?.routes ?? []);
  const routes = wanted.flatMap((route) => {
    const one = held.get(route.service);
    if (one === undefined || one.key !== renderKey(route) || now >= one.retryAt) return [route];
    const instead = substitute(route, good.get(route.service));
    return instead === null ? [] : [instead];
  });
  return { routes, stubs: stubsFor(routes, stubbed ? wanted : [], disk) };
}

/** `parts` with the changes of some services only; the others are as they were. */
export function narrow(parts: Parts, only: ReadonlySet<ServiceName>, disk: Manifest | null, stubbed: boolean): Parts {
  const good = byService(disk?.routes ?? []);
  const routes = parts.routes.flatMap((route) => (only.has(route.service) ? route : (good.get(route.service) ?? [])));
  const known = { routes: disk?.routes ?? [], stubs: [...(disk?.stubs ?? []), ...(stubbed ? parts.stubs : [])] };
  return { routes, stubs: stubsFor(routes, stubbed ? parts.routes : [], known) };
}

/**
 * The last good part of a route: what was served before, or nothing. A way back keeps its share and takes the endpoints that
 * were good, so that a bad change of members cannot stand in its way.
 */
export function substitute(route: Route, good: Route | undefined): Route | null {
  if (good === undefined) return null;
  if (!route.urgent || good.endpoints[route.base] === undefined) return good;
  return { ...route, shares: wholly(route.base), endpoints: good.endpoints, eased: good.eased, shape: good.shape };
}

/**
 * Files that the user's configuration may include of services that are not rendered (any more, or not yet), or that were `live`
 * and are `weighted` now.
 */
export function stubsFor(routes: readonly Route[], wanted: readonly Route[], disk: Parts | null): readonly Stub[] {
  const rendered = new Map(routes.map((route) => [route.service, route.shape.routing]));
  const stubs = new Map<string, Stub>();
  const known = [...(disk?.stubs ?? []), ...[...(disk?.routes ?? []), ...wanted].map(stubOf)];
  for (const stub of known) {
    const now = rendered.get(stub.service);
    if (now === undefined || (now === "weighted" && stub.routing === "live")) stubs.set(stub.service, stub);
  }
  return [...stubs.values()].sort((a, b) => (a.service < b.service ? -1 : 1));
}

function stubOf(route: Route): Stub {
  return { service: route.service, routing: route.shape.routing };
}

/** The next record of a refusal; doubling waits while the same thing is refused again. */
export function hold(before: Held | undefined, route: Route, text: string, now: Ms): Held {
  const key = renderKey(route);
  const tries = before?.key === key ? before.tries + 1 : 1;
  return { key, text, tries, retryAt: now + backoffMs(tries) };
}

/** 2 s, 4 s, 8 s … up to a minute. */
export function backoffMs(tries: number): Ms {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (tries - 1));
}
