import { Instruments } from "../../src/instruments/instruments.ts";

/** Sluice's numbers, with a clock that a test steps (in milliseconds). */
export function instrumentsAt(clock: { t: number } = { t: 0 }): Instruments {
  const silent = () => {};
  return new Instruments({
    version: "1.2.3",
    wallSeconds: () => 1_700_000_000,
    monotonic: () => clock.t,
    storeBytes: async () => 4_096,
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
}

/** The value of a series of a page, such as `sluice_ready` or `sluice_pool_members{service="web",pool="blue"}`; null where it is absent. */
export function seriesValue(page: string, series: string): number | null {
  const line = page.split("\n").find((one) => one.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length + 1));
}
