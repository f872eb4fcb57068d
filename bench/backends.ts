import { type Nginx, startNginx } from "../test/support/nginx.ts";
import { freePort } from "../test/support/ports.ts";

/** The cheapest members there are: an nginx that answers the name of the pool, so that what is measured is the one before it. */
export type Backends = AsyncDisposable & {
  readonly blue: string;
  readonly green: string;
  workers(): readonly number[];
};

export async function startBackends(): Promise<Backends> {
  const [blue, green] = [await freePort(), await freePort()];
  const nginx: Nginx = await startNginx({
    http: `keepalive_requests 1000000000;\nkeepalive_timeout 600s;\n${server(blue, "blue")}\n${server(green, "green")}`,
  });
  return {
    blue: `127.0.0.1:${blue}`,
    green: `127.0.0.1:${green}`,
    workers: nginx.workers,
    [Symbol.asyncDispose]: () => nginx[Symbol.asyncDispose](),
  };
}

function server(port: number, pool: string): string {
  return `server { listen 127.0.0.1:${port} backlog=4096; default_type text/plain; return 200 "${pool}"; }`;
}
