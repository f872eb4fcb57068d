import type { Route } from "../../src/core/route.ts";
import { type Driven, type DrivenOptions, drive } from "./driven.ts";
import { type MemberServer, startMember } from "./members.ts";
import { routeOf } from "./routes.ts";

/** A driven nginx with two members: a `live` service `web` at `/`, and a `weighted` one `shop` at `/shop`, both on blue. */
export type Stage = AsyncDisposable & {
  readonly driven: Driven;
  readonly blue: MemberServer;
  readonly green: MemberServer;
  readonly web: Route;
  readonly shop: Route;
};

export const SERVER = `include web.server.conf;
location / { proxy_pass http://$web_pool; }
location /shop { proxy_pass http://shop; }
include sluice.closing.conf;`;

export async function startStage(
  options: Partial<DrivenOptions> & { readonly more?: (blue: string, green: string) => readonly Route[] } = {},
): Promise<Stage> {
  const blue = await startMember({ name: "blue" });
  const green = await startMember({ name: "green" });
  const pools = { blue: [blue.address], green: [green.address] };
  const web = routeOf(pools, { shape: { overrides: { header: "X-Canary", cookie: null } } });
  const shop = routeOf(pools, { service: "shop", shape: { routing: "weighted" } });
  const more = options.more?.(blue.address, green.address) ?? [];
  const driven = await drive({ routes: [web, shop, ...more], server: SERVER, ...options });
  return {
    driven,
    blue,
    green,
    web,
    shop,
    async [Symbol.asyncDispose]() {
      await driven[Symbol.asyncDispose]();
      await blue[Symbol.asyncDispose]();
      await green[Symbol.asyncDispose]();
    },
  };
}

/** The route at its next version, with `share` basis points on green. */
export function shifted(route: Route, share: number, more: Partial<Route> = {}): Route {
  const shares = share === 0 ? { blue: 10_000 } : share === 10_000 ? { green: 10_000 } : { blue: 10_000 - share, green: share };
  return { ...route, version: route.version + 1, shares, ...more };
}
