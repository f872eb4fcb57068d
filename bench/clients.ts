import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { until } from "../test/support/nginx.ts";
import { end, endWithUs } from "./children.ts";
import type { Counted, Question } from "./load.ts";

/** Keep-alive clients in another process, and what they have seen. */
export class Clients implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** `connections` keep-alive connections to a loopback port; each pauses for `pauseMs` between two requests. */
  static async start(port: number, connections: number, pauseMs: number): Promise<Clients> {
    const child = fork(join(import.meta.dirname, "load.ts"), [port, connections, pauseMs].map(String), { execArgv: [] });
    endWithUs(child);
    const clients = new Clients(child);
    await until("the clients get answers", async () => (await clients.count("", 0)).total > connections, 10_000);
    return clients;
  }

  /** Begins to count anew. */
  async forget(): Promise<void> {
    await this.#ask({ ask: "forget" });
  }

  /** What happened since the last `forget`. */
  async count(pool: string, sinceMs: number): Promise<Counted> {
    const counted = await this.#ask({ ask: "count", pool, sinceMs });
    if (counted === null) throw new Error("the load did not count");
    return counted;
  }

  async #ask(question: Question): Promise<Counted | null> {
    if (this.#child.exitCode !== null) throw new Error(`the load ended with ${this.#child.exitCode}`);
    const answered = once(this.#child, "message");
    this.#child.send(question);
    const [{ answer }] = (await answered) as [{ answer: Counted | null }];
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child);
  }
}
