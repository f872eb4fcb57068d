import { compareConfigs, type InUse } from "../../src/config/compare.ts";
import type { Config } from "../../src/config/config.ts";
import type { Controller } from "../../src/controller/controller.ts";
import type { ServiceSettings } from "../../src/core/service.ts";
import type { ServiceName } from "../../src/core/units.ts";

/** The services of a configuration file. */
export type Configured = Readonly<Record<ServiceName, ServiceSettings>>;

/** Rejects where the composition root would refuse the changed file. */
export async function refuse(controller: Controller, before: Configured, after: Configured): Promise<void> {
  const inUse = (await controller.services()).map(
    ({ name, stable, candidate, rollout }): InUse => ({
      service: name,
      rollout: candidate === null ? null : (rollout?.id ?? null),
      pools: candidate === null ? [stable] : [stable, candidate],
      updated: rollout?.strategy === "rolling" ? candidate : null,
    }),
  );
  const file = (services: Configured) => ({ services }) as unknown as Config;
  const [refusal] = compareConfigs(file(before), file(after), inUse);
  if (refusal !== undefined) throw new Error(`${refusal.path}: ${refusal.message}`);
}
