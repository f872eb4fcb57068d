import type { MetricSource } from "../core/ports.ts";
import { createScrape } from "../metrics/scrape.ts";
import { createSources } from "../metrics/sources.ts";
import { unread } from "../metrics/unread.ts";

/** All that metrics can be read from; what is open is disposed with the stack. */
export function openMetrics(stack: AsyncDisposableStack): MetricSource {
  return createSources({
    scrape: stack.use(createScrape()),
    nginx: unread(),
    prometheus: unread(),
    http: unread(),
    command: unread(),
  });
}
