/** A count, and how likely it is. */
export type Chance = readonly [count: number, chance: number];

/** Every count of a binomial distribution. */
export function binomial(n: number, p: number): readonly Chance[] {
  if (p <= 0) return [[0, 1]];
  if (p >= 1) return [[n, 1]];
  const chances: Chance[] = [];
  let log = n * Math.log1p(-p);
  for (let count = 0; count <= n; count += 1) {
    chances.push([count, Math.exp(log)]);
    log += Math.log((n - count) / (count + 1)) + Math.log(p) - Math.log1p(-p);
  }
  return chances;
}

/** The counts of a Poisson distribution up to where what is left could not matter even if it were multiplied by e^30. */
export function poisson(mean: number): readonly Chance[] {
  const chances: Chance[] = [];
  let log = -mean;
  for (let count = 0; count < mean || log > -120; count += 1) {
    chances.push([count, Math.exp(log)]);
    log += Math.log(mean) - Math.log(count + 1);
  }
  return chances;
}

/** Every pair of counts of two arms that are independent. */
export function outcomes(a: readonly Chance[], b: readonly Chance[]): readonly (readonly [number, number, number])[] {
  return a.flatMap(([x, p]) => b.map(([y, q]) => [x, y, p * q] as const));
}
