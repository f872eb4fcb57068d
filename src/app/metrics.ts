import { type Env, fill } from "../config/env.ts";
import type { MetricSource } from "../core/ports.ts";
import { createCommand } from "../metrics/command.ts";
import { createHttp } from "../metrics/http.ts";
import { createPrometheus } from "../metrics/prometheus.ts";
import { createScrape } from "../metrics/scrape.ts";
import { createSources } from "../metrics/sources.ts";
import { unread } from "../metrics/unread.ts";

/** All that metrics can be read from; what is open is disposed with the stack. */
export function openMetrics(env: Env, stack: AsyncDisposableStack): MetricSource {
  const filled = (text: string) => fill(text, env);
  return createSources({
    scrape: stack.use(createScrape()),
    nginx: unread(),
    prometheus: stack.use(createPrometheus(filled)),
    http: stack.use(createHttp(filled)),
    command: stack.use(createCommand(filled, env)),
  });
}
