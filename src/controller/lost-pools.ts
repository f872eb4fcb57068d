import { Refusal } from "../core/errors.ts";
import type { Cell } from "./cell.ts";

/** What is stored as stable wins over `stable:`, so a configuration that lacks it, or a pool of a rollout under way, cannot be used. */
export function refuseLostPools({ settings, record, rollout }: Cell): void {
  const pools = rollout === null ? [record.state.stable] : [rollout.from, rollout.to];
  const lost = pools.find((pool) => !(pool in settings.pools));
  if (lost === undefined) return;
  const why = rollout === null ? "carries its traffic" : `is one of the pools of ${rollout.id}, which is under way`;
  throw new Refusal(
    "not-configured",
    `services.${settings.name}.pools has no ${lost}, which ${why}`,
    "put the pool back into the configuration, and move the traffic first",
  );
}
