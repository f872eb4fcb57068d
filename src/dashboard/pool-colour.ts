import type { ServiceView } from "../core/view.ts";

/** How many colours there are for pools; the fifth pool has the first one again. */
const COLOURS = 4;

/** The CSS class of a pool's colour: by its place in the configuration, so that it never changes. Colour alone never says which. */
export function poolClass({ pools }: Pick<ServiceView, "pools">, pool: string): string {
  return `pool-${Math.max(0, Object.keys(pools).indexOf(pool)) % COLOURS}`;
}
