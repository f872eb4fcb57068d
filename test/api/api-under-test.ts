import { Agent, request } from "undici";
import type { Answer, Answers } from "../../src/api/answers.ts";
import type { ApiOptions } from "../../src/api/options.ts";
import { type Api, createServer } from "../../src/api/server.ts";
import { openTokens } from "../../src/api/token-book.ts";
import { newToken, verifier } from "../../src/api/tokens.ts";
import { openRecorder } from "../../src/app/recorder.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { MemoryControl } from "./memory-control.ts";

/** What a request got; `body` is parsed where it is JSON. */
export type Got = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
};

export type Sent = {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE" | "HEAD" | "OPTIONS" | "PATCH";
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly json?: unknown;
  readonly text?: string;
  /** The token to send; null for none. The admin's by default. */
  readonly token?: string | null;
};

export type Line = { readonly level: string; readonly text: string; readonly fields: Readonly<Record<string, unknown>> };

/** A real API on a free port, with a control in memory, and a client that speaks HTTP to it. */
export class ApiUnderTest implements AsyncDisposable {
  readonly control = new MemoryControl();
  readonly lines: Line[] = [];
  readonly kept = new Map<string, Answer>();
  readonly store = new MemoryStore();
  readonly tokens = { admin: newToken(), operate: newToken(), read: newToken() };
  readonly #agent = new Agent({ pipelining: 1 });
  #end: () => PromiseLike<void> = async () => undefined;
  document: Readonly<Record<string, unknown>> = {};
  url = "";
  renew: Api["renew"] = () => undefined;
  wall = 1_000_000;

  static async start(change: Partial<ApiOptions> = {}): Promise<ApiUnderTest> {
    const api = new ApiUnderTest();
    const book = await openTokens({
      store: api.store,
      record: await openRecorder(api.store),
      now: () => api.wall,
      log: api.#log(),
      services: async () => ["web", "shop", "pay"],
    });
    const server = await createServer({
      control: api.control,
      listen: { host: "127.0.0.1", port: 0 },
      auth: { kind: "token", verify: (token) => api.#verify(token) ?? book.verify(token) },
      tokens: book,
      certificate: null,
      hosts: [],
      version: "1.2.3",
      log: api.#log(),
      parseSteps: () => ({ is: "steps", steps: [] }),
      answers: api.#answers(),
      metrics: async () => ({ type: "text/plain; version=0.0.4; charset=utf-8", text: "sluice_ready 1\n" }),
      now: () => api.wall,
      reload: async () => ({ added: [], changed: [], removed: [], warnings: [] }),
      ...change,
    });
    api.renew = (certificate) => server.renew(certificate);
    api.#end = () => server[Symbol.asyncDispose]();
    api.url = await server.listen();
    api.document = server.document();
    return api;
  }

  async ask(path: string, sent: Sent = {}): Promise<Got> {
    const token = sent.token === undefined ? this.tokens.admin : sent.token;
    const body = sent.json === undefined ? sent.text : JSON.stringify(sent.json);
    const headers = {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(sent.json === undefined ? {} : { "content-type": "application/json" }),
      ...sent.headers,
    };
    const options = { method: sent.method ?? "GET", headers, dispatcher: this.#agent } as const;
    const answer = await request(`${this.url}${path}`, body === undefined ? options : { ...options, body });
    const text = await answer.body.text();
    const isJson = String(answer.headers["content-type"]).includes("json");
    return { status: answer.statusCode, headers: answer.headers, body: isJson && text !== "" ? JSON.parse(text) : text };
  }

  post(path: string, json: unknown = {}, headers: Record<string, string> = {}): Promise<Got> {
    return this.ask(path, { method: "POST", json, headers });
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    await this.#agent.destroy();
  }

  #verify(token: string) {
    const scopes = ["admin", "operate", "read"] as const;
    return (
      scopes
        .map((name) => verifier(this.tokens[name], { name, scopes: [name], services: null })(token))
        .find((found) => found !== null) ?? null
    );
  }

  #answers(): Answers {
    return {
      get: async (key) => this.kept.get(key) ?? null,
      put: async (key, answer) => void this.kept.set(key, answer),
    };
  }

  #log(): ApiOptions["log"] {
    const at =
      (level: string) =>
      (text: string, fields = {}) =>
        void this.lines.push({ level, text, fields });
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }
}
