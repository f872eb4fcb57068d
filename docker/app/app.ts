/**
 * A small application, as a member of a pool: it answers its version, its health, and its metrics in Prometheus' text format.
 *
 * It can be made to misbehave by POST: `/break?ratio=0.3` (that part of the answers is a 500), `/slow?ms=500`, `/sick` (its
 * health check fails), `/die` (the process ends), `/mend` (all is well again).
 */
import { createServer, type ServerResponse } from "node:http";
import { hostname } from "node:os";
import { durationPage, observe } from "./duration.ts";

const version = process.env.VERSION ?? "v0";
const counts = new Map([200, 500].map((code) => [code, 0]));
let failing = 0;
let owed = 0;
let delayMs = 0;
let healthy = true;

const server = createServer((request, response) => {
  request.resume();
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://app");
  const told = request.method === "POST" ? tell(pathname, searchParams) : null;
  if (told !== null) return text(response, 200, `${version} on ${hostname()} ${told}\n`);
  if (pathname === "/healthz") return text(response, healthy ? 200 : 503, healthy ? "ok\n" : "sick\n");
  if (pathname === "/metrics") return text(response, 200, metrics());
  setTimeout(() => serve(response), delayMs);
});

/** Throws one of the switches; null for what is none. */
function tell(path: string, parameters: URLSearchParams): string | null {
  switch (path) {
    case "/break":
      failing = within(parameters.get("ratio"), 0.3, 1);
      return `now fails ${failing * 100} % of its requests`;
    case "/slow":
      delayMs = within(parameters.get("ms"), 500, 60_000);
      return `now takes ${delayMs} ms for each request`;
    case "/sick":
      healthy = false;
      return "now fails its health checks";
    case "/die":
      setTimeout(() => process.exit(1), 50);
      return "ends now";
    case "/mend":
      failing = 0;
      delayMs = 0;
      healthy = true;
      return "is well again";
    default:
      return null;
  }
}

function within(text: string | null, otherwise: number, most: number): number {
  const value = text === null ? otherwise : Number(text);
  return Number.isFinite(value) ? Math.min(Math.max(value, 0), most) : otherwise;
}

/** The failures are evenly spread, so that a share of them is exact. */
function serve(response: ServerResponse): void {
  owed += failing;
  const code = owed >= 1 ? 500 : 200;
  if (code === 500) owed -= 1;
  counts.set(code, (counts.get(code) ?? 0) + 1);
  observe(delayMs / 1_000);
  response.setHeader("x-version", version);
  text(response, code, code === 200 ? `hello from ${version} on ${hostname()}\n` : `${version} is broken\n`);
}

function metrics(): string {
  const requests = [...counts].map(([code, count]) => `http_requests_total{code="${code}",version="${version}"} ${count}\n`);
  return `# TYPE http_requests_total counter\n${requests.join("")}${durationPage(version)}`;
}

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "text/plain" }).end(body);
}

server.listen(Number(process.env.PORT ?? 8080), () => console.log(`${version} listens`));
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    // Whoever still asks is answered; then the process ends by itself.
    server.close();
    setInterval(() => server.closeIdleConnections(), 50).unref();
  });
}
