import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Agent, request } from "undici";
import type { RolloutView, ServiceView } from "../../src/core/view.ts";
import { runHere } from "../support/here.ts";
import { MAIN } from "../support/main-program.ts";
import type { MemberServer } from "../support/members.ts";
import { makePrefix, type Nginx, startNginx, until } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";
import { NODE_ARGS } from "../support/sources.ts";
import { startPool } from "./pools.ts";
import { serverBlock } from "./server-block.ts";
import { type Place, type StackOptions, yaml } from "./stack-files.ts";

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
    this.#agent = new Agent({ connect: { socketPath: this.socket }, headersTimeout: 30_000, bodyTimeout: 30_000 });
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
    const child = spawn(process.execPath, [...NODE_ARGS, MAIN, "serve", "--config", this.config, "--log", "json"], {
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
      30_000,
    );
  }

  /** SIGKILL: as if the machine had taken it. */
  async killController(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** SIGTERM, and waits for its end. */
  async stopController(): Promise<void> {
    await this.#end("SIGTERM");
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
    ifMatch?: string,
  ): Promise<{ status: number; body: unknown; etag: string | null }> {
    const token = readFileSync(join(this.nginx.prefix, "state/token"), "utf8").trim();
    const answer = await request(`http://localhost${path}`, {
      method,
      dispatcher: this.#agent,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined && method === "GET" ? {} : { "content-type": "application/json" }),
        ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
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
  async reaches(phase: RolloutView["phase"], step: number | null = null, limitMs = 30_000): Promise<RolloutView> {
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
    await until("nginx serves what is wanted", there, 30_000);
    return seen as unknown as ServiceView;
  }

  /** Waits until Sluice has seen that no member of a pool is ready. */
  async reachesNoneReady(pool: string): Promise<void> {
    const none = async () =>
      (await this.service()).pools[pool]?.members.every(({ health }) => health === "down" || health === "kept") === true;
    await until(`no member of ${pool} is ready`, none, 30_000);
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

async function cli(prefix: string, args: readonly string[]): Promise<Said> {
  const ran = await runHere([...args, "--config", join(prefix, "sluice.yaml")], { ...process.env, NO_COLOR: "1" });
  return { code: ran.code, out: ran.stdout, err: ran.stderr };
}

type Edge = { readonly nginx: Nginx; readonly url: string };

async function placeOf(prefix: string): Promise<Place> {
  return { prefix, port: await freePort(), status: await freePort() };
}

async function startEdge({ prefix, port }: Place, options: StackOptions): Promise<Edge> {
  const http = `${serverBlock(prefix, port, options.routing ?? "live", options.retries ?? "error timeout")}\n${options.http ?? ""}`;
  return {
    nginx: await startNginx({ prefix, http, workers: options.workers ?? 2, logOff: options.logOff ?? true }),
    url: `http://127.0.0.1:${port}`,
  };
}
