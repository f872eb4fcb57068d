/**
 * LatE once more, from the method's text alone, on lists of latencies and in plain numbers: what the program computes is held against it.
 */

export type SlowWindow = { readonly canary: readonly number[]; readonly stable: readonly number[] };

const PAIRS = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999].flatMap((q) => [1.25, 1.5, 2, 3, 6, 20].map((psi) => [q, psi] as const));

/** M after each window; the canary's latencies are divided by 1 + margin here. */
export function slowLatency(windows: readonly SlowWindow[], margin: number): number[] {
  const past: number[] = [];
  let cash = 1;
  let stakes = PAIRS.map(() => 0);
  let t = 0;
  return windows.map(({ canary, stable }) => {
    if (past.length >= 500 && canary.length > 0 && stable.length > 0) {
      t += 1;
      const w = t === 1 ? 0.5 : 0.5 / (t * (t - 1));
      const before = cash + total(stakes);
      cash -= w;
      stakes = stakes.map((stake, index) => {
        const [q, psi] = PAIRS[index] ?? [0.5, 1];
        const tau = threshold(past, q);
        return (stake + w / PAIRS.length) * factor(past, { canary: canary.map((ms) => ms / (1 + margin)), stable }, tau, psi);
      });
      if (cash + total(stakes) > 12 * before) {
        const scale = (12 * before - cash) / total(stakes);
        stakes = stakes.map((stake) => stake * scale);
      }
    }
    past.push(...stable);
    return cash + total(stakes);
  });
}

function factor(past: readonly number[], { canary, stable }: SlowWindow, tau: number, psi: number): number {
  const ts = Math.min(0.999, Math.max(1e-5, Math.max(above(past, tau), 0.5) / past.length));
  const tc = (psi * ts) / (1 - ts + psi * ts);
  const [nc, ns] = [canary.length, stable.length];
  const t0 = (nc * tc + ns * ts) / (nc + ns);
  const [xc, xs] = [above(canary, tau), above(stable, tau)];
  return (tc / t0) ** xc * ((1 - tc) / (1 - t0)) ** (nc - xc) * (ts / t0) ** xs * ((1 - ts) / (1 - t0)) ** (ns - xs);
}

/** The end of the bucket in which the cumulative count reaches the quantile. */
function threshold(past: readonly number[], q: number): number {
  for (let end = 1; ; end *= 1.05) {
    if (past.filter((ms) => ms <= end).length >= q * past.length) return end;
  }
}

function above(latencies: readonly number[], tau: number): number {
  // Bucket ends by repeated multiplication differ from powers in their last bits.
  return latencies.filter((ms) => ms > tau * (1 + 1e-12)).length;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
