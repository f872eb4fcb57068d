import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import { freePort } from "../support/ports.ts";
import { docker, type Ended, listed, shell } from "./engine.ts";
import { IMAGES, RUN } from "./images.ts";

/** A service as the API shows it, as far as these tests look. */
export type Shown = {
  readonly stable: string;
  readonly applied: {
    readonly shares: Readonly<Record<string, number>> | null;
    readonly targets: readonly { readonly state: string }[];
  };
  readonly pools: Readonly<Record<string, { readonly members: readonly Member[] }>>;
  readonly rollout: {
    readonly id: string;
    readonly phase: string;
    readonly step: number;
    readonly reason: string | null;
    readonly rolling: { readonly members: readonly RollingMember[] } | null;
  } | null;
};
type Member = { readonly address: string; readonly inFlight: number | null; readonly endpoints: readonly Endpoint[] };
type RollingMember = { readonly address: string; readonly state: string; readonly updated: boolean };
type Endpoint = { readonly address: string; readonly health: string };

/** A second Compose file that changes nothing. */
export const NOTHING = "volumes: { state: {} }\n";
const OVERRIDE = "override.yml";

/** Short steps, so that a canary takes seconds. */
const PACE = { STEP: "4s", WINDOW: "2s", BAKE: "3s", RATE: "50" } as const;

/** A project of Compose with a name of its own, ports of its own, and everything removed when it is disposed. */
export class Stack implements AsyncDisposable {
  readonly project = `sluice-test-${RUN}-${randomBytes(4).toString("hex")}`;
  readonly ports: { readonly web: number; readonly api: number; readonly switches: number };
  readonly #env: Readonly<Record<string, string>>;
  readonly #folder: string;
  #token = "";

  private constructor(ports: Stack["ports"], folder: string) {
    this.ports = ports;
    this.#folder = folder;
    this.#env = {
      ...IMAGES,
      ...PACE,
      COMPOSE_PROJECT_NAME: this.project,
      COMPOSE_FILE: `docker-compose.yml:${join(folder, OVERRIDE)}`,
      WEB_PORT: String(ports.web),
      API_PORT: String(ports.api),
      SWITCHES_PORT: String(ports.switches),
      // Whatever the checkout's own .env says is the developer's business.
      BLUE_VERSION: "v1",
      GREEN_VERSION: "v2",
      ORDERS_VERSION: "v1",
    };
  }

  /** Nothing is started yet. `override` is a second Compose file, laid over the first. */
  static async make(override = NOTHING): Promise<Stack> {
    const ports = { web: await freePort(), api: await freePort(), switches: await freePort() };
    const stack = new Stack(ports, await mkdtemp(join(tmpdir(), "sluice-compose-")));
    await stack.override(override);
    return stack;
  }

  /** The same, started. */
  static async up(override?: string): Promise<Stack> {
    const stack = await Stack.make(override);
    try {
      await stack.good("docker compose up --detach");
      return stack;
    } catch (error) {
      await stack[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where clients go. */
  get url(): string {
    return `http://127.0.0.1:${this.ports.web}/`;
  }

  /** Another second Compose file, from now on. */
  async override(text: string): Promise<void> {
    await writeFile(join(this.#folder, OVERRIDE), text);
  }

  /** Runs lines as the documentation has them: with the project's name, and its ports in place of the usual ones. */
  shell(lines: string, timeoutMs?: number): Promise<Ended> {
    const { web, api, switches } = this.ports;
    const moved = lines.replaceAll(":8080", `:${web}`).replaceAll(":7070", `:${api}`).replaceAll(":8081", `:${switches}`);
    return shell(moved, this.#env, timeoutMs);
  }

  /** The same, for what must succeed; answers what it printed. */
  async good(lines: string, timeoutMs?: number): Promise<string> {
    const { exitCode, text } = await this.shell(lines, timeoutMs);
    if (exitCode === 0) return text;
    const log = await this.shell("docker compose logs --no-color --tail 15 init nginx sluice");
    throw new Error(`exit code ${exitCode}: ${lines}\n${text}\n${log.text.replaceAll(/^(.{250}).+$/gm, "$1…")}`);
  }

  /** Containers of a service, running or not. */
  containers(service?: string): Promise<readonly string[]> {
    const labels = [`com.docker.compose.project=${this.project}`];
    if (service !== undefined) labels.push(`com.docker.compose.service=${service}`);
    return listed("ps", "--all", "--quiet", ...labels.flatMap((label) => ["--filter", `label=${label}`]));
  }

  /** One answer of the API. */
  async api<T>(method: "GET" | "POST", path: string, body?: object): Promise<{ readonly status: number; readonly body: T }> {
    if (this.#token === "")
      this.#token = (await this.good("docker compose exec -T sluice cat /var/lib/sluice/state/token")).trim();
    const answer = await request(`http://127.0.0.1:${this.ports.api}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headersTimeout: 5_000,
    });
    return { status: answer.statusCode, body: (await answer.body.json()) as T };
  }

  async web(service = "web"): Promise<Shown> {
    return (await this.api<Shown>("GET", `/v1/services/${service}`)).body;
  }

  /** Polls until the service is as wanted; a controller that does not answer is not. */
  async until(what: string, look: (web: Shown) => boolean, limitMs = 30_000, service = "web"): Promise<Shown> {
    const end = performance.now() + limitMs;
    let last: unknown = null;
    while (performance.now() < end) {
      try {
        const web = await this.web(service);
        if (look(web)) return web;
        last = web;
      } catch (error) {
        last = error;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`not within ${limitMs / 1_000} s: ${what}\n${last instanceof Error ? String(last) : JSON.stringify(last)}`);
  }

  /** Polls what a service printed. */
  async logged(service: string, pattern: RegExp, limitMs = 30_000): Promise<void> {
    const end = performance.now() + limitMs;
    for (;;) {
      const { text } = await this.shell(`docker compose logs --no-color --tail 40 ${service}`);
      if (pattern.test(text)) return;
      if (performance.now() > end) throw new Error(`not within ${limitMs / 1_000} s: ${service} prints ${pattern}\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  /**
   * What a command that follows something says within `forMs`.
   *
   * At a terminal ctrl-c ends the container of a `run`, too. Here there is none, and Compose 2 then leaves it running.
   */
  async follow(lines: string, forMs: number): Promise<string> {
    const { text } = await this.shell(lines, forMs);
    const runs = [`label=com.docker.compose.project=${this.project}`, "label=com.docker.compose.oneoff=True"];
    const left = await listed("container", "ls", "--all", "--quiet", ...runs.flatMap((one) => ["--filter", one]));
    if (left.length > 0) await docker("rm", "--force", ...left);
    return text;
  }

  /** Everything that has the project's name: containers, networks, volumes. */
  async left(): Promise<readonly string[]> {
    const filter = ["--filter", `label=com.docker.compose.project=${this.project}`];
    return [
      ...(await this.containers()),
      ...(await listed("network", "ls", "--quiet", ...filter)),
      ...(await listed("volume", "ls", "--quiet", ...filter)),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shell("docker compose down --volumes --remove-orphans --timeout 3");
    // Where Compose itself failed in the middle, nothing may stay either.
    const containers = await this.containers();
    if (containers.length > 0) await docker("rm", "--force", "--volumes", ...containers);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Shares of the traffic that nginx has proved to serve, in per cent. */
export function served({ applied }: Shown): Readonly<Record<string, number>> | null {
  return applied.shares === null
    ? null
    : Object.fromEntries(Object.entries(applied.shares).map(([pool, bp]) => [pool, bp / 100]));
}
