import type { Window } from "../../src/analysis/counts.ts";

/**
 * The tests of section 1 once more, written from their text alone, slowly and without logarithms of sums: what the program computes is held
 * against it. Counts have to be small enough for plain numbers.
 */

export type SlowRule = { readonly rho: number; readonly delta: number };

export function slowGain(rule: SlowRule, factor: number, { canary, stable }: Window): number {
  const a = (factor * (canary.n * rule.rho + stable.n)) / (canary.n * rule.rho * factor + stable.n);
  const b = (canary.n * rule.rho + stable.n) / (canary.n * rule.rho * factor + stable.n);
  return a ** canary.x * b ** stable.x * Math.exp(-canary.n * rule.delta * (a - 1));
}

export function slowPlain(rule: SlowRule, factors: readonly number[], windows: readonly Window[]): number {
  const products = factors.map((factor) =>
    comparable(windows).reduce((product, window) => product * slowGain(rule, factor, window), 1),
  );
  return products.reduce((sum, product) => sum + product, 0) / factors.length;
}

/** M after each comparable window, with the dispersion that the next one will be tempered by. */
export function slowGuarded(rule: SlowRule, windows: readonly Window[]): { evidence: number; dispersion: number }[] {
  const factors = [1.25, 1.5, 2, 3, 5, 10, 30, 1e6];
  let cash = 1;
  let stakes = factors.map(() => 0);
  let phi = 1;
  const seen: Window[] = [];
  return comparable(windows).map((window) => {
    seen.push(window);
    const t = seen.length;
    const w = t === 1 ? 0.5 : 0.5 / (t * (t - 1));
    const before = cash + total(stakes);
    cash -= w;
    stakes = stakes.map((stake, k) => (stake + w / factors.length) * slowGain(rule, factors[k] ?? 1, window) ** (1 / phi));
    if (cash + total(stakes) > 12 * before) {
      const scale = (12 * before - cash) / total(stakes);
      stakes = stakes.map((stake) => stake * scale);
    }
    phi = slowDispersion(seen);
    return { evidence: cash + total(stakes), dispersion: phi };
  });
}

export function slowDispersion(windows: readonly Window[]): number {
  let sum = 0;
  let pairs = 0;
  for (let index = 1; index < windows.length; index += 1) {
    const pair = windows.slice(index - 1, index + 1);
    const xc = total(pair.map(({ canary }) => canary.x));
    const xs = total(pair.map(({ stable }) => stable.x));
    const nc = total(pair.map(({ canary }) => canary.n));
    const ns = total(pair.map(({ stable }) => stable.n));
    if (xc * xs * nc * ns === 0 || pair.some(({ canary, stable }) => canary.x + stable.x === 0)) continue;
    const rho = xc / nc / (xs / ns);
    for (const { canary, stable } of pair) {
      const theta = (canary.n * rho) / (canary.n * rho + stable.n);
      const m = canary.x + stable.x;
      sum += (canary.x - m * theta) ** 2 / (m * theta * (1 - theta));
    }
    pairs += 1;
  }
  return Math.max(1, (sum + 4.5) / (pairs + 3));
}

function comparable(windows: readonly Window[]): Window[] {
  return windows.filter(({ canary, stable }) => canary.n > 0 && stable.n > 0);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** `windowOf(100, 1, 1900, 19)`: canary requests and failures, stable requests and failures. */
export function windowOf(canaryN: number, canaryX: number, stableN: number, stableX: number): Window {
  return { canary: { n: canaryN, x: canaryX }, stable: { n: stableN, x: stableX } };
}
