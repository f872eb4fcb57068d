/** Random numbers that a seed repeats exactly, on any machine (sfc32 by Chris Doty-Humphrey, of the PractRand suite). */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spare: number | null = null;

  constructor(seed: number, stream: number) {
    this.#a = seed | 0;
    this.#b = stream | 0;
    this.#c = 0x9e3779b9 | 0;
    for (let round = 0; round < 20; round += 1) this.uniform();
  }

  /** Above 0 and below 1. */
  uniform(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return ((sum >>> 0) + 0.5) / 4294967296;
  }

  /** Standard normal, by Marsaglia's polar method. */
  normal(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      this.#spare = v * factor;
      return u * factor;
    }
  }

  /** Poisson: inversion for small means, Hörmann's transformed rejection (PTRS, 1993) for others; exact for both. */
  poisson(mean: number): number {
    if (mean <= 0) return 0;
    return mean < 10 ? this.#smallPoisson(mean) : this.#largePoisson(mean);
  }

  /** Gamma with the given mean and coefficient of variation (Marsaglia and Tsang 2000); shapes of 1 and more. */
  gamma(mean: number, variation: number): number {
    const shape = 1 / variation ** 2;
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(this.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return (d * v * mean) / shape;
    }
  }

  #smallPoisson(mean: number): number {
    let term = Math.exp(-mean);
    let left = this.uniform() - term;
    let k = 0;
    while (left > 0 && k < 1_000) {
      k += 1;
      term *= mean / k;
      left -= term;
    }
    return k;
  }

  #largePoisson(mean: number): number {
    const b = 0.931 + 2.53 * Math.sqrt(mean);
    const a = -0.059 + 0.02483 * b;
    const inverse = 1.1239 + 1.1328 / (b - 3.4);
    const quick = 0.9277 - 3.6224 / (b - 2);
    for (;;) {
      const u = this.uniform() - 0.5;
      const v = this.uniform();
      const us = 0.5 - Math.abs(u);
      const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
      if (us >= 0.07 && v <= quick) return k;
      if (k < 0 || (us < 0.013 && v > us)) continue;
      const accepted = Math.log(v * inverse) - Math.log(a / (us * us) + b);
      if (accepted <= k * Math.log(mean) - mean - logFactorial(k)) return k;
    }
  }
}

/** ln k!, by Stirling's series above 15 (error below 1e-12). */
function logFactorial(k: number): number {
  if (k < 16) {
    let product = 1;
    for (let factor = 2; factor <= k; factor += 1) product *= factor;
    return Math.log(product);
  }
  const n = k + 1;
  return (n - 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * n) - 1 / (360 * n ** 3) + 1 / (1260 * n ** 5);
}
