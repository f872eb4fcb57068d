import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { Agent, request } from "undici";
import type { RolloutView, ServiceView } from "../../src/core/view.ts";
import { type MemberServer, startMember } from "../support/members.ts";
import { makePrefix, type Nginx, startNginx, until } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";
import { root } from "../support/sources.ts";

const MAIN = join(root, "src/main.ts");

export type StackOptions = {
  readonly routing?: "live" | "weighted";
  /** How many members each pool has. */
  readonly members?: { readonly blue: number; readonly green: number };
  /** Lines of the service `web` in sluice.yaml, indented by four. */
  readonly service?: string;
  /** More lines at the top of sluice.yaml. */
  readonly top?: string;
  /** More text inside `http { }`. */
  readonly http?: string;
  readonly workers?: number;
  /** Two: the service is served by a second nginx too, `second`; the targets are then called `one` and `two`. */
  readonly edges?: 1 | 2;
};

/** What a command printed, and how it ended. */
export type Said = { readonly code: number; readonly out: string; readonly err: string };

/**
 * All of it for real: members, an nginx of its own, and the controller as a process that is driven by HTTP and CLI.
 */
export class Stack implements AsyncDisposable {
  readonly nginx: Nginx;
  /** The other nginx and where it listens, with `edges: 2`. */
  readonly second: { readonly nginx: Nginx; readonly url: string } | null;
  readonly blue: readonly MemberServer[];
  readonly green: readonly MemberServer[];
  /** Where clients go. */
  readonly url: string;
  readonly config: string;
  readonly socket: string;
  #serve: ChildProcess | null = null;
  #log = "";
  readonly #agent: Agent;

  private constructor(edges: readonly Edge[], blue: readonly MemberServer[], green: readonly MemberServer[]) {
    const [first, second] = edges;
    if (first === undefined) throw new Error("a stack has an nginx");
    const { nginx } = first;
    this.nginx = nginx;
    this.second = second ?? null;
    this.blue = blue;
    this.green = green;
    this.url = first.url;
    this.config = join(nginx.prefix, "sluice.yaml");
    this.socket = join(nginx.prefix, "api.sock");
    this.#agent = new Agent({ connect: { socketPath: this.socket } });
  }

  /** Members, configuration and the first rendered set; then nginx. The controller is started by `serve`. */
  static async start(options: StackOptions = {}): Promise<Stack> {
    const { blue = 2, green = 2 } = options.members ?? {};
    const [blues, greens] = await Promise.all([startPool("blue", blue), startPool("green", green)]);
    const prefix = makePrefix();
    const places = await Promise.all(
      Array.from({ length: options.edges ?? 1 }, (_, index) => placeOf(index === 0 ? prefix : makePrefix())),
    );
    writeFileSync(join(prefix, "sluice.yaml"), yaml(prefix, places, blues, greens, options));
    const rendered = await cli(prefix, ["render", "--write"]);
    if (rendered.code !== 0) throw new Error(`render --write ended with ${rendered.code}:\n${rendered.err}`);
    return new Stack(await Promise.all(places.map((place) => startEdge(place, options))), blues, greens);
  }

  /** Starts the controller, and waits until it is ready. */
  async serve(): Promise<void> {
    const child = spawn(process.execPath, [MAIN, "serve", "--config", this.config, "--log", "json"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#log += text;
      });
    }
    this.#serve = child;
    await until(
      "the controller is ready",
      async () => {
        if (child.exitCode !== null) throw new Error(`the controller ended with ${child.exitCode}:\n${this.#log}`);
        return (await this.#status("/readyz").catch(() => 0)) === 200;
      },
      15_000,
    );
  }

  /** SIGKILL: as if the machine had taken it. */
  async killController(): Promise<void> {
    await this.#end("SIGKILL");
  }

  signalController(signal: NodeJS.Signals): void {
    this.#serve?.kill(signal);
  }

  get log(): string {
    return this.#log;
  }

  cli(...args: readonly string[]): Promise<Said> {
    return cli(this.nginx.prefix, args);
  }

  /** One call of the API with the admin token. */
  async api(
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown; etag: string | null }> {
    const token = readFileSync(join(this.nginx.prefix, "state/token"), "utf8").trim();
    const answer = await request(`http://localhost${path}`, {
      method,
      dispatcher: this.#agent,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined && method === "GET" ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    const etag = answer.headers.etag;
    return {
      status: answer.statusCode,
      body: text === "" ? null : JSON.parse(text),
      etag: typeof etag === "string" ? etag : null,
    };
  }

  async service(): Promise<ServiceView> {
    return (await this.api("GET", "/v1/services/web")).body as ServiceView;
  }

  async rollout(): Promise<RolloutView> {
    const { rollout } = await this.service();
    if (rollout === null) throw new Error("web has no rollout");
    return rollout;
  }

  /** Waits until the rollout is in a phase (and at a step). */
  async reaches(phase: RolloutView["phase"], step: number | null = null, limitMs = 15_000): Promise<RolloutView> {
    let seen: RolloutView | null = null;
    const there = async () => {
      seen = (await this.service()).rollout;
      return seen !== null && seen.phase === phase && (step === null || seen.step === step);
    };
    await until(`${phase}${step === null ? "" : ` ${step}`}`, there, limitMs).catch((error: unknown) => {
      throw new Error(`${String(error)}; it is ${seen?.phase} ${seen?.step}: ${seen?.reason}\n${this.#log.slice(-3_000)}`);
    });
    return seen as unknown as RolloutView;
  }

  /** Waits until every target proved what is wanted. */
  async applied(): Promise<ServiceView> {
    let seen: ServiceView | null = null;
    const there = async () => {
      seen = await this.service();
      return seen.applied.targets.every((target) => target.state === "applied");
    };
    await until("nginx serves what is wanted", there, 15_000);
    return seen as unknown as ServiceView;
  }

  /** Waits until Sluice has seen that no member of a pool is ready. */
  async reachesNoneReady(pool: string): Promise<void> {
    const none = async () =>
      (await this.service()).pools[pool]?.members.every(({ health }) => health === "down" || health === "kept") === true;
    await until(`no member of ${pool} is ready`, none, 10_000);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#serve;
    this.#serve = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }

  async #status(path: string): Promise<number> {
    const answer = await request(`http://localhost${path}`, { dispatcher: this.#agent });
    await answer.body.dump();
    return answer.statusCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end("SIGTERM");
    await this.#agent.destroy();
    for (const nginx of [this.nginx, ...(this.second === null ? [] : [this.second.nginx])]) {
      await nginx[Symbol.asyncDispose]();
      rmSync(nginx.prefix, { recursive: true, force: true });
    }
    await Promise.all([...this.blue, ...this.green].map((member) => member[Symbol.asyncDispose]()));
  }
}

/** Answers by status, on a page in the Prometheus text format. */
async function startPool(pool: string, count: number): Promise<readonly MemberServer[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const member = await startMember({ name: `${pool}-${index + 1}`, version: pool });
      answerWith(member, 0);
      return member;
    }),
  );
}

/** Makes a member fail this part of its requests, and count them on its metrics page. */
export function answerWith(member: MemberServer, errorRatio: number): void {
  let served = 0;
  const counts = counters.get(member) ?? { ok: 0, failed: 0 };
  counters.set(member, counts);
  member.setStatus(() => {
    served += errorRatio;
    const failed = served >= 1;
    if (failed) served -= 1;
    counts[failed ? "failed" : "ok"] += 1;
    return failed ? 500 : 200;
  });
  member.setMetrics(() => `http_requests_total{code="200"} ${counts.ok}\nhttp_requests_total{code="500"} ${counts.failed}\n`);
}

const counters = new WeakMap<MemberServer, { ok: number; failed: number }>();

async function cli(prefix: string, args: readonly string[]): Promise<Said> {
  const config = join(prefix, "sluice.yaml");
  const result = await execa(process.execPath, [MAIN, ...args, "--config", config], {
    reject: false,
    stdin: "ignore",
    timeout: 60_000,
    env: { NO_COLOR: "1" },
  });
  return { code: result.exitCode ?? -1, out: result.stdout, err: result.stderr };
}

type Place = { readonly prefix: string; readonly port: number; readonly status: number };
type Edge = { readonly nginx: Nginx; readonly url: string };

async function placeOf(prefix: string): Promise<Place> {
  return { prefix, port: await freePort(), status: await freePort() };
}

async function startEdge({ prefix, port }: Place, options: StackOptions): Promise<Edge> {
  const http = `${serverBlock(prefix, port, options.routing ?? "live")}\n${options.http ?? ""}`;
  return { nginx: await startNginx({ prefix, http, workers: options.workers ?? 2 }), url: `http://127.0.0.1:${port}` };
}

function target({ prefix, status }: Place): string {
  return `{ config: ${prefix}/nginx.conf, pid: ${prefix}/nginx.pid, include: ${prefix}/sluice, tables: ${prefix}/tables, status: "127.0.0.1:${status}" }`;
}

function yaml(
  prefix: string,
  places: readonly Place[],
  blue: readonly MemberServer[],
  green: readonly MemberServer[],
  options: StackOptions,
): string {
  const list = (members: readonly MemberServer[]) => members.map((member) => member.address).join(", ");
  const targets =
    places.length === 1
      ? places.map(target).join("")
      : places.map((place, index) => `\n  ${["one", "two"][index]}: ${target(place)}`).join("");
  return `${options.top ?? ""}api: { listen: "unix:${join(prefix, "api.sock")}" }
state: ./state
nginx: ${targets}
services:
  web:
    routing: ${options.routing ?? "live"}
    pools:
      blue: { members: [${list(blue)}] }
      green: { members: [${list(green)}] }
    stable: blue
    health: { path: /healthz, interval: 250ms, timeout: 250ms, passes: 1, fails: 2, deadline: 5s }
    metrics:
      errors: { source: scrape, window: 1s, interval: 250ms, ratio: { of: 'http_requests_total{code=~"5.."}', to: http_requests_total } }
${options.service ?? CANARY}
`;
}

/** A canary of a few seconds that is judged by its errors. */
export const CANARY = `    canary:
      steps: [{ share: 10%, for: 1500ms }, { share: 40%, for: 1500ms }, { ramp: 100%, over: 2s }]
      checks: [{ metric: errors, below: 5%, minRequests: 5 }]
    blueGreen: { bake: 1500ms, checks: [{ metric: errors, below: 5%, minRequests: 5 }] }`;

function serverBlock(prefix: string, port: number, routing: "live" | "weighted"): string {
  const current = join(prefix, "sluice/current");
  const live = routing === "live";
  return `  include ${current}/*.http.conf;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    ${live ? `include ${current}/web.server.conf;` : ""}
    location / {
      proxy_set_header Host $host;
      proxy_connect_timeout 500ms;
      ${live ? "proxy_redirect http://$web_pool/ /;" : ""}
      proxy_next_upstream error timeout;
      proxy_next_upstream_tries 2;
      proxy_pass http://${live ? "$web_pool" : "web"};
    }
    include ${current}/sluice.closing.conf;
  }`;
}
