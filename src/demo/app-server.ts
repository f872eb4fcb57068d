import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const HOST = "127.0.0.1";
/** What `POST /break` makes fail. */
export const BROKEN_RATIO = 1 / 3;

/**
 * A small app, as a member of a pool: it answers its version, its health and its metrics in the Prometheus text format.
 *
 * `POST /break`, `POST /sick` and `POST /mend` on its own port change how it does.
 */
export class AppServer implements AsyncDisposable {
  readonly address: string;
  readonly #server: Server;
  #version: string;
  #failing = 0;
  #healthy = true;
  #owed = 0;
  #counts = { 200: 0, 500: 0 };

  private constructor(server: Server, version: string) {
    this.#server = server;
    this.#version = version;
    this.address = `${HOST}:${(server.address() as AddressInfo).port}`;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response));
  }

  /** Listens on a free port of loopback. */
  static async start(version: string): Promise<AppServer> {
    const server = createServer();
    server.listen({ port: 0, host: HOST });
    await once(server, "listening");
    return new AppServer(server, version);
  }

  get version(): string {
    return this.#version;
  }

  /** As a deployment does: another version, healthy, with counters from zero. */
  deploy(version: string): void {
    this.#version = version;
    this.#counts = { 200: 0, 500: 0 };
    this.mend();
  }

  /** From now on this part of the requests fails, evenly spread. */
  breakDown(ratio: number): void {
    this.#failing = ratio;
  }

  mend(): void {
    this.#failing = 0;
    this.#healthy = true;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    switch (`${request.method} ${request.url}`) {
      case "GET /healthz":
        return void response.writeHead(this.#healthy ? 200 : 503).end(this.#healthy ? "ok\n" : "sick\n");
      case "GET /metrics":
        return void response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(this.#metrics());
      case "POST /break":
        this.breakDown(BROKEN_RATIO);
        return void response.end(`${this.#version} now fails every third request\n`);
      case "POST /sick":
        this.#healthy = false;
        return void response.end(`${this.#version} now answers 503 to health checks\n`);
      case "POST /mend":
        this.mend();
        return void response.end(`${this.#version} is well again\n`);
      default:
        this.#serve(response);
    }
  }

  #serve(response: ServerResponse): void {
    this.#owed += this.#failing;
    const status = this.#owed >= 1 ? 500 : 200;
    if (status === 500) this.#owed -= 1;
    this.#counts[status] += 1;
    const text = status === 200 ? `hello from ${this.#version}\n` : `${this.#version} is broken\n`;
    response.writeHead(status, { "content-type": "text/plain", "x-version": this.#version }).end(text);
  }

  #metrics(): string {
    const lines = Object.entries(this.#counts).map(([code, count]) => `http_requests_total{code="${code}"} ${count}\n`);
    return `# TYPE http_requests_total counter\n${lines.join("")}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
