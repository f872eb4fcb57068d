import { Tally } from "../../src/demo/tally.ts";
import { startTraffic } from "../../src/demo/traffic.ts";

/** Steady traffic from this machine, through the published port, and what came back since the last `take`. */
export class Clients implements AsyncDisposable {
  #tally = new Tally();
  readonly #traffic: AsyncDisposable;

  constructor(url: string) {
    this.#traffic = startTraffic({ url, mono: () => performance.now(), onOutcome: (outcome) => this.#tally.add(outcome) });
  }

  /** What was counted since the last time; counting begins anew. */
  take(): Tally {
    const tally = this.#tally;
    this.#tally = new Tally();
    return tally;
  }

  /** What comes back for so long, from now on; `before` is how long requests that are under way may take, which are left out. */
  async during(ms: number, before = 300): Promise<Tally> {
    await pause(before);
    this.take();
    await pause(ms);
    return this.take();
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#traffic[Symbol.asyncDispose]();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The part of the answers that a version gave, in per cent. */
export function percent(tally: Tally, version: string): number {
  const all = tally.versions().reduce((sum, { good, failed }) => sum + good + failed, 0);
  const own = tally.versions().find((one) => one.version === version);
  return all === 0 || own === undefined ? 0 : (100 * (own.good + own.failed)) / all;
}

/** The versions that answered, and requests that failed or were lost. */
export function summary(tally: Tally): { readonly versions: readonly string[]; readonly failed: number; readonly lost: number } {
  const versions = tally.versions();
  const failed = versions.reduce((sum, one) => sum + one.failed, 0);
  return { versions: versions.map(({ version }) => version).sort(), failed, lost: tally.lost };
}
