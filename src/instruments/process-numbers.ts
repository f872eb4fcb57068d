import { collectDefaultMetrics, Registry } from "prom-client";

let registry: Registry | null = null;

/**
 * prom-client's own numbers of the process: CPU, memory, open files, garbage collection, delay of the event loop. One set a process:
 * they watch the process from the first call on, and nothing ends that.
 */
export function processNumbers(): Registry {
  if (registry !== null) return registry;
  registry = new Registry();
  // Its timer wakes the process: ten times a second is enough to see a stall.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  return registry;
}
