import { connect, type NetConnectOpts } from "node:net";
import { hostPort } from "../core/network.ts";
import type { Ms, PoolName, ServiceName } from "../core/units.ts";

/** What a worker answers: `pid` is its own; `probe` is whether it sees the tables. */
export type StatusAnswer = { readonly generation: string; readonly pid: number; readonly probe: boolean };

/** More than any answer of the status server; what says more is something else. */
const MOST_CHARACTERS = 10_000;

/**
 * Asks the status server that each generation brings, on a fresh connection each time, so that the kernel gives it to a worker that
 * still accepts.
 *
 * A proof asks dozens of times, and a start asks about every service. A general HTTP client that is made and ended for one question
 * took most of the processor time of that, so this speaks the little that is needed: HTTP/1.0, where the end of the connection is
 * that of the answer.
 */
export class StatusClient {
  readonly #place: NetConnectOpts;
  readonly #host: string;
  readonly #timeoutMs: Ms;

  /** `address` is a loopback `host:port`, or `unix:` and a path. */
  constructor(address: string, timeoutMs: Ms) {
    const path = address.startsWith("unix:") ? address.slice("unix:".length) : null;
    this.#place = path === null ? hostPort(address) : { path };
    this.#host = path === null ? address : "localhost";
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
    const text = await this.#exchange(`GET ${path} HTTP/1.0\r\nHost: ${this.#host}\r\nConnection: close\r\n\r\n`);
    const body = text.indexOf("\r\n\r\n");
    if (body < 0 || !/^HTTP\/1\.[01] 200 /.test(text)) return null;
    try {
      return JSON.parse(text.slice(body)) as Record<string, unknown>;
    } catch {
      // Cut off in the middle, or not JSON: this generation does not answer.
      return null;
    }
  }

  /** All that is answered until the connection ends; empty where there is none, or it takes too long. */
  #exchange(request: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(this.#place);
      let text = "";
      const end = (said: string) => {
        clearTimeout(limit);
        socket.destroy();
        resolve(said);
      };
      const limit = setTimeout(() => end(""), this.#timeoutMs);
      socket.setEncoding("utf8");
      socket.on("data", (part: string) => {
        text += part;
        if (text.length > MOST_CHARACTERS) end("");
      });
      socket.once("end", () => end(text));
      socket.once("error", () => end(""));
      socket.write(request);
    });
  }
}
