/**
 * Milliseconds of the machine's monotonic clock. It is one clock for all processes (Linux, macOS), so that what the load saw
 * and what the benchmark did can be compared.
 */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
