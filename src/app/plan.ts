import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { parseSteps } from "../config/steps.ts";
import { planStart } from "../controller/planning.ts";
import { asOfOld } from "../controller/sight.ts";
import { recordsNow } from "../controller/wanted-routes.ts";
import type { StartInput } from "../core/control.ts";
import { Refusal } from "../core/errors.ts";
import type { Assumed, PlanView } from "../core/planned.ts";
import type { CanaryStep } from "../core/service.ts";
import type { ServiceName } from "../core/units.ts";
import { createResolve } from "../probe/resolve.ts";
import { openSqlite } from "../store/sqlite.ts";
import { openPreview } from "./preview.ts";
import { readTemplates } from "./templates.ts";

export type PlanOptions = {
  readonly service: ServiceName;
  /** Steps as the API takes them. */
  readonly input: Omit<StartInput, "steps"> & { readonly steps: unknown };
  readonly assumed: Assumed;
};

/** A name that is not answered for in this time has no address now. */
const RESOLVE_MS = 5_000;

/**
 * A plan without a controller: from what is stored, where something is. It takes no lock and drives nothing, so nobody has seen the members
 * healthy, and nobody has counted requests.
 */
export async function planApart(file: string, config: Config, { service, input, assumed }: PlanOptions): Promise<PlanView> {
  await using stack = new AsyncDisposableStack();
  const settings = config.services[service];
  if (settings === undefined)
    throw new Refusal(
      "unknown-service",
      `there is no service ${service}`,
      `the services are ${Object.keys(config.services).join(", ")}`,
    );
  const store = (await exists(join(config.state, "sluice.db"))) ? stack.use(await openSqlite(config.state)) : null;
  const all = await recordsNow(store, Object.values(config.services), createResolve({ timeoutMs: RESOLVE_MS }));
  const found = all.find(({ route }) => route.service === service);
  if (found === undefined) throw new Error(`${service} was not loaded`);
  const record = { ...found, sight: asOfOld(found.sight, settings.health) };
  const preview = openPreview(config.nginx, await readTemplates(file, config.templates));
  const wanted = (target: string) =>
    all.flatMap(({ route }) => (config.services[route.service]?.targets.includes(target) ? [route] : []));
  const start = { ...input, steps: input.steps === null ? null : accepted(input.steps) };
  const now = { t: 0, wall: Date.now() };
  return planStart({ preview, epoch: record.route.epoch }, { record, settings }, start, assumed, wanted, now);
}

function accepted(steps: unknown): readonly CanaryStep[] {
  const parsed = parseSteps(steps);
  if (parsed.is === "steps") return parsed.steps;
  throw new Refusal("invalid", parsed.problems.map(({ path, message }) => `${path}: ${message}`).join("; "));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
