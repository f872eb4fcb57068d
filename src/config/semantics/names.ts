import type { Service } from "../config.ts";
import { nginxName } from "../nginx-name.ts";
import { type Judgement, problem, type Subject } from "./rule.ts";

/** The upstreams that a service is rendered as, whichever way it routes now: the other way must stay possible. */
function upstreams(service: Service): string[] {
  const own = nginxName(service.name);
  return [own, ...Object.keys(service.pools).map((pool) => `${own}_${nginxName(pool)}`)];
}

/** Names that Sluice needs itself, and names that would meet in nginx. */
export function* nameRules({ settings }: Subject): Iterable<Judgement> {
  const taken = new Map<string, string>();
  for (const service of Object.values(settings.services)) {
    const path = ["services", service.name];
    if (service.name === "sluice" || service.name.startsWith("sluice-")) {
      yield problem(
        path,
        "is reserved for Sluice's own parts; choose a name that is not sluice and does not start with sluice-",
        "key",
      );
    }
    const names = upstreams(service);
    const clash = names.find((name) => taken.has(name));
    if (clash !== undefined) {
      const message = `would use the nginx upstream name ${clash}, and so would the service ${taken.get(clash)}; rename one of the two`;
      yield problem(path, message, "key");
    }
    for (const name of names) if (!taken.has(name)) taken.set(name, service.name);
  }
}
