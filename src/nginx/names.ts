import type { PoolName, ServiceName } from "../core/units.ts";

/**
 * What services and pools are called inside nginx.
 *
 * nginx ends a variable's name at `-`, so that `$my-app_pool` would be `$my` and some text: in every nginx name `-` becomes `_`.
 */

/** Two names that nginx could not tell apart, or one that it uses itself. */
export type NameProblem = { readonly services: readonly ServiceName[]; readonly text: string };

/** The upstream of one pool of a `live` service: `web_blue`. */
export function upstreamName(service: ServiceName, pool: PoolName): string {
  return `${nginxName(service)}_${nginxName(pool)}`;
}

/** The one upstream of a `weighted` service, as the user's `proxy_pass http://web;` names it. */
export function weightedUpstreamName(service: ServiceName): string {
  return nginxName(service);
}

/** The variable (without `$`) that holds the upstream that a request goes to: `web_pool`. */
export function poolVariable(service: ServiceName): string {
  return `${nginxName(service)}_pool`;
}

/** The variable (without `$`) that holds the entry of the table that a request looks for: `web_slot`. */
export function slotVariable(service: ServiceName): string {
  return `${nginxName(service)}_slot`;
}

/** The variable (without `$`) that holds the pool that the table sent a request to: `web_went`. */
export function routedVariable(service: ServiceName): string {
  return `${nginxName(service)}_went`;
}

/** The variable (without `$`) that holds what the override cookie says, where a header comes before it: `web_cookie`. */
export function cookieVariable(service: ServiceName): string {
  return `${nginxName(service)}_cookie`;
}

/** The folder below `tables` whose entries go to `pool`: `web.green`. Neither name can hold a dot, so no two are the same. */
export function tableName(service: ServiceName, pool: PoolName): string {
  return `${service}.${pool}`;
}

/** nginx makes variables of requests under these prefixes: `$arg_slot` is the query's `slot`. */
const PREFIXES = new Set([
  "http",
  "arg",
  "cookie",
  "sent_http",
  "sent_trailer",
  "upstream_http",
  "upstream_trailer",
  "upstream_cookie",
]);

/**
 * The names that cannot stand side by side in one nginx, whatever the services' routing, so that a change of routing cannot
 * collide either.
 */
export function collisions(
  services: readonly { readonly service: ServiceName; readonly pools: readonly PoolName[] }[],
): readonly NameProblem[] {
  const problems: NameProblem[] = [];
  const owners = new Map<string, { service: ServiceName; says: string }>();
  for (const { service, pools } of [...services].sort((a, b) => (a.service < b.service ? -1 : 1))) {
    const own = nginxName(service);
    if (own === "sluice" || own.startsWith("sluice_"))
      problems.push({
        services: [service],
        text: `service ${service}: names that begin with sluice are reserved; choose another name`,
      });
    if (PREFIXES.has(own))
      problems.push({
        services: [service],
        text: `service ${service}: nginx keeps variables that begin with $${own}_ for itself; choose another name`,
      });
    for (const [name, says] of namesOf(service, pools)) {
      const owner = owners.get(name);
      if (owner === undefined) owners.set(name, { service, says });
      else
        problems.push({
          services: [...new Set([owner.service, service])],
          text: `${says} and ${owner.says} would both be ${name} in nginx; rename one of them`,
        });
    }
  }
  return problems;
}

function namesOf(service: ServiceName, pools: readonly PoolName[]): readonly (readonly [string, string])[] {
  return [
    [weightedUpstreamName(service), `service ${service}`] as const,
    ...pools.map((pool) => [upstreamName(service, pool), `pool ${pool} of service ${service}`] as const),
  ];
}

/** A service's or pool's name as part of a name inside nginx. */
export function nginxName(name: string): string {
  return name.replaceAll("-", "_");
}
