/**
 * Sums of numbers that are kept as their natural logarithms.
 *
 * Evidence grows without limit (a dead candidate is worth e^1000 within minutes), so nothing is ever kept as a plain number.
 */

/** The natural logarithm of a number that is 0 or more. `null` stands for ln 0, because JSON cannot hold -Infinity. */
export type LogValue = number | null;

/** ln(e^a + e^b + …), with the largest factored out, so that nothing overflows. */
export function logSum(logs: readonly LogValue[]): LogValue {
  let top = Number.NEGATIVE_INFINITY;
  for (const log of logs) if (log !== null && log > top) top = log;
  if (top === Number.NEGATIVE_INFINITY) return null;
  let sum = 0;
  for (const log of logs) if (log !== null) sum += Math.exp(log - top);
  return top + Math.log(sum);
}

/** ln(e^a + e^b). */
export function logPlus(a: LogValue, b: LogValue): LogValue {
  if (a === null) return b;
  if (b === null) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

/** ln(e^a - e^b) for a > b. */
export function logMinus(a: number, b: number): number {
  return a + Math.log1p(-Math.exp(b - a));
}

/** ln(e^a * e^b): nothing times anything stays nothing. */
export function logTimes(a: LogValue, b: LogValue): LogValue {
  return a === null || b === null ? null : a + b;
}
