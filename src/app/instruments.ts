import type { Config } from "../config/config.ts";
import type { Log } from "../core/ports.ts";
import { Instruments } from "../instruments/instruments.ts";
import { storeBytes } from "../store/size.ts";
import { ownVersion } from "./own-version.ts";

/** What counts for Prometheus while the controller works; ends with the stack. */
export async function openInstruments({ state, nginx }: Config, log: Log, stack: AsyncDisposableStack): Promise<Instruments> {
  const instruments = new Instruments({
    version: await ownVersion(),
    log,
    wallSeconds: () => Date.now() / 1_000,
    monotonic: () => performance.now(),
    storeBytes: () => storeBytes(state),
  });
  for (const { name } of Object.values(nginx)) instruments.work.reading(name);
  return stack.use(instruments);
}
