import { type Env, fill } from "../config/env.ts";
import type { CountingSource } from "../core/ports.ts";
import { createCommand } from "../metrics/command.ts";
import { createHttp } from "../metrics/http.ts";
import type { NginxLog } from "../metrics/nginx-log/log.ts";
import { createNginxSource } from "../metrics/nginx-log/source.ts";
import { createPrometheus } from "../metrics/prometheus.ts";
import { createScrape } from "../metrics/scrape.ts";
import { createSources } from "../metrics/sources.ts";

/** All that metrics can be read from; what is open is disposed with the stack. */
export function openMetrics(env: Env, nginxLog: NginxLog, stack: AsyncDisposableStack): CountingSource {
  const filled = (text: string) => fill(text, env);
  return createSources({
    scrape: stack.use(createScrape()),
    nginx: createNginxSource(nginxLog),
    prometheus: stack.use(createPrometheus(filled)),
    http: stack.use(createHttp(filled)),
    command: stack.use(createCommand(filled, env)),
  });
}
