import { connect, type Socket } from "node:net";
import { nowMs } from "./clock.ts";

/** One request as the client saw it. `pool` is the body of the answer; null where there was none, or not a 200. */
export type Seen = { readonly startedMs: number; readonly pool: string | null; readonly trouble: string | null };

/**
 * One keep-alive connection that asks, waits for the answer, pauses, and asks again, like a busy client.
 *
 * Written on a bare socket: the start of a request is the moment at which it is handed to the kernel, and a request that the
 * server drops is never silently sent again, which HTTP clients do. Where the server closes after an answer (or while the
 * connection is idle), a new connection is opened, as every client does.
 */
export class Connection {
  readonly #port: number;
  readonly #pauseMs: number;
  readonly #seen: (one: Seen) => void;
  #socket: Socket | null = null;
  #startedMs: number | null = null;
  #text = "";
  #going = true;

  constructor(port: number, pauseMs: number, seen: (one: Seen) => void) {
    this.#port = port;
    this.#pauseMs = pauseMs;
    this.#seen = seen;
    this.#open();
  }

  stop(): void {
    this.#going = false;
    this.#socket?.destroy();
  }

  #open(): void {
    const socket = connect({ host: "127.0.0.1", port: this.#port, noDelay: true });
    this.#socket = socket;
    this.#text = "";
    socket.setEncoding("latin1");
    socket.on("connect", () => this.#ask(socket));
    socket.on("data", (text: string) => this.#take(socket, text));
    socket.on("error", () => undefined);
    socket.on("close", () => this.#closed(socket));
  }

  #ask(socket: Socket): void {
    if (!this.#going || socket !== this.#socket) return;
    this.#startedMs = nowMs();
    socket.write("GET / HTTP/1.1\r\nHost: bench\r\n\r\n");
  }

  /** Answers have a length; that of the backends fits into one or two reads. */
  #take(socket: Socket, text: string): void {
    this.#text += text;
    const head = this.#text.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#text)?.[1] ?? 0);
    if (this.#text.length < head + 4 + length) return;
    const answer = this.#text;
    this.#text = "";
    this.#done(answer, answer.slice(head + 4, head + 4 + length));
    if (/\r\nconnection: close\r\n/i.test(answer.slice(0, head + 2))) socket.end();
    else if (this.#pauseMs === 0) this.#ask(socket);
    else setTimeout(() => this.#ask(socket), this.#pauseMs);
  }

  #done(answer: string, body: string): void {
    const startedMs = this.#startedMs ?? Number.NaN;
    this.#startedMs = null;
    const good = answer.startsWith("HTTP/1.1 200 ");
    this.#seen({ startedMs, pool: good ? body.trim() : null, trouble: good ? null : answer.slice(9, 12) });
  }

  #closed(socket: Socket): void {
    if (socket !== this.#socket) return;
    const startedMs = this.#startedMs;
    this.#startedMs = null;
    if (startedMs !== null && this.#going) this.#seen({ startedMs, pool: null, trouble: "closed without an answer" });
    this.#socket = null;
    if (this.#going) this.#open();
  }
}
