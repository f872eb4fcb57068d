import type { Config } from "../config/config.ts";
import type { Log } from "../core/ports.ts";
import { storeBytes } from "../store/size.ts";
import { Telemetry } from "../telemetry/telemetry.ts";
import { ownVersion } from "./own-version.ts";

/** What counts for Prometheus while the controller works; ends with the stack. */
export async function openTelemetry({ state, nginx }: Config, log: Log, stack: AsyncDisposableStack): Promise<Telemetry> {
  const telemetry = new Telemetry({
    version: await ownVersion(),
    log,
    wallSeconds: () => Date.now() / 1_000,
    monotonic: () => performance.now(),
    storeBytes: () => storeBytes(state),
  });
  for (const { name } of Object.values(nginx)) telemetry.work.reading(name);
  return stack.use(telemetry);
}
