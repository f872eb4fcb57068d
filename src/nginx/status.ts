import { Client } from "undici";
import type { Ms, PoolName, ServiceName } from "../core/units.ts";

/** What a worker answers: `pid` is its own; `probe` is whether it sees the tables. */
export type StatusAnswer = { readonly generation: string; readonly pid: number; readonly probe: boolean };

/**
 * Asks the status server that each generation brings, on a fresh connection each time, so that the kernel gives it to a worker that
 * still accepts.
 */
export class StatusClient {
  readonly #origin: string;
  readonly #socketPath: string | null;
  readonly #timeoutMs: Ms;

  /** `address` is a loopback `host:port`, or `unix:` and a path. */
  constructor(address: string, timeoutMs: Ms) {
    this.#socketPath = address.startsWith("unix:") ? address.slice("unix:".length) : null;
    this.#origin = this.#socketPath === null ? `http://${address}` : "http://localhost";
    this.#timeoutMs = timeoutMs;
  }

  /** Null where nothing answers, or something that is not Sluice's status server. */
  async generation(): Promise<StatusAnswer | null> {
    const answer = await this.#ask("/sluice");
    if (answer === null || typeof answer.generation !== "string") return null;
    return { generation: answer.generation, pid: Number(answer.pid), probe: ["yes", "true", "1"].includes(String(answer.probe)) };
  }

  /** The pool (or upstream) that a slot of a `live` service goes to now, and the generation that says so. */
  async pool(service: ServiceName, slot: string): Promise<{ readonly generation: string; readonly pool: PoolName } | null> {
    const answer = await this.#ask(`/sluice/${service}?slot=${slot}`);
    if (answer === null || typeof answer.pool !== "string") return null;
    return { generation: String(answer.generation), pool: answer.pool };
  }

  async #ask(path: string): Promise<Record<string, unknown> | null> {
    const client = new Client(this.#origin, {
      ...(this.#socketPath === null ? {} : { socketPath: this.#socketPath }),
      connectTimeout: this.#timeoutMs,
      headersTimeout: this.#timeoutMs,
      bodyTimeout: this.#timeoutMs,
      pipelining: 0,
    });
    try {
      const answer = await client.request({ method: "GET", path, reset: true, signal: AbortSignal.timeout(this.#timeoutMs) });
      const text = await answer.body.text();
      return answer.statusCode === 200 ? (JSON.parse(text) as Record<string, unknown>) : null;
    } catch {
      // Nothing there, cut off in the middle, or not JSON: all of them mean that this generation does not answer.
      return null;
    } finally {
      await client.destroy();
    }
  }
}
