import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { Agent } from "undici";
import { openDatabase } from "./database.ts";
import { freePorts } from "./free-ports.ts";
import { answers, type Env, run, type Said, start, succeeded } from "./processes.ts";
import type { Version } from "./releases.ts";
import { seed } from "./seed.ts";

const HERE = import.meta.dirname;
const NGINX_CONF = join(HERE, "nginx.conf");
const CONFIG = join(HERE, "sluice.yaml");
const SLUICE = fileURLToPath(new URL("../../bin/sluice.js", import.meta.url));
const SEEN_MS = 20_000;

export type Pool = "blue" | "green";

export type StageOptions = {
  /** People who are there from the start. */
  readonly people: number;
  /** How long the steps with a fixed time take, as sluice.yaml writes durations. */
  readonly dwell: string;
  /** How often Sluice checks health. */
  readonly probe: string;
  /** Aborts where whoever watches has seen enough. */
  readonly interrupted: AbortSignal;
};

/** The database, the application's processes, an nginx and a Sluice, in a folder of their own. Disposing ends and removes all of it. */
export class Stage implements AsyncDisposable {
  /** Where users go. */
  readonly url: string;
  /** For looking, from beside the application. */
  readonly database: DatabaseSync;
  readonly #env: Env;
  readonly #interrupted: AbortSignal;
  readonly #ports: Readonly<Record<Pool, readonly number[]>>;
  readonly #members: Record<Pool, readonly AsyncDisposable[]> = { blue: [], green: [] };
  readonly #stack = new AsyncDisposableStack();

  private constructor(url: string, env: Env, ports: Readonly<Record<Pool, readonly number[]>>, interrupted: AbortSignal) {
    this.url = url;
    this.#env = env;
    this.#ports = ports;
    this.#interrupted = interrupted;
    this.database = openDatabase(env.DATABASE ?? "");
  }

  /** With v1 on blue, which has all the traffic, and nothing on green. */
  static async open(options: StageOptions): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-example-"));
    const [port = 0, status = 0, blue1 = 0, blue2 = 0, green1 = 0, green2 = 0] = await freePorts(6);
    const ports = { blue: [blue1, blue2], green: [green1, green2] };
    const env = { ...environment(folder, status, ports), DWELL: options.dwell, PROBE: options.probe };
    const stage = new Stage(`http://127.0.0.1:${port}`, env, ports, options.interrupted);
    stage.#stack.defer(() => rmSync(folder, { recursive: true }));
    stage.#stack.defer(() => stage.database.close());
    try {
      await stage.#open(folder, port, options.people);
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #open(folder: string, port: number, people: number): Promise<void> {
    mkdirSync(join(folder, "temp"));
    const conf = join(folder, "nginx.conf");
    writeFileSync(conf, readFileSync(NGINX_CONF, "utf8").replaceAll("FOLDER", folder).replaceAll("PORT", String(port)));
    await succeeded(this.migrate("expand", "v1"));
    seed(this.database, people);
    await this.deploy("blue", "v1");
    await succeeded(this.sluice("render", "--write"));
    // Started by root, its workers would belong to a user who may not look into the folder.
    const globals = `daemon off;${process.getuid?.() === 0 ? " user root;" : ""}`;
    this.#stack.use(start([this.#env.NGINX ?? "nginx", "-p", folder, "-c", conf, "-g", globals], this.#env));
    this.#stack.use(start([process.execPath, SLUICE, "serve", "--config", CONFIG, "--log-level", "warn"], this.#env));
    const dispatcher = new Agent({ connect: { socketPath: join(folder, "api.sock") } });
    const interrupted = this.#interrupted;
    this.#stack.defer(() => dispatcher.destroy());
    await answers("http://localhost/readyz", (status) => status === 200, { interrupted, dispatcher });
    await answers(`${this.url}/people/1`, (status) => status === 200, { interrupted });
  }

  /** Runs a command of Sluice to its end. */
  sluice(...args: readonly string[]): Promise<Said> {
    return run([process.execPath, SLUICE, ...args, "--config", CONFIG], this.#env, this.#interrupted);
  }

  /** What the hooks run, by hand. */
  migrate(...args: readonly string[]): Promise<Said> {
    return run([join(HERE, "migrate.ts"), ...args], this.#env, this.#interrupted);
  }

  /** Brings a version to the members of a pool without traffic, as a deploy script does before it starts a rollout. */
  async deploy(pool: Pool, version: Version): Promise<void> {
    await this.stop(pool);
    const ports = this.#ports[pool];
    this.#members[pool] = ports.map((port) => start([process.execPath, join(HERE, "app.ts"), version, String(port)], this.#env));
    // Whether it is healthy is for Sluice to find out.
    const interrupted = this.#interrupted;
    await Promise.all(ports.map((port) => answers(`http://127.0.0.1:${port}/healthz`, () => true, { interrupted })));
  }

  async stop(pool: Pool): Promise<void> {
    const members = this.#members[pool];
    this.#members[pool] = [];
    await Promise.all(members.map((member) => member[Symbol.asyncDispose]()));
  }

  /** Waits until Sluice knows that no member of a pool answers: until then it would send users there, if it were told to. */
  async seenDown(pool: Pool): Promise<void> {
    const until = performance.now() + SEEN_MS;
    for (;;) {
      const { text } = await this.sluice("status", "web", "--output", "json");
      const { pools } = JSON.parse(text) as { pools: Record<Pool, { members: readonly { health: string }[] }> };
      if (pools[pool].members.every(({ health }) => health !== "ready")) return;
      if (performance.now() > until) throw new Error(`Sluice did not see within ${SEEN_MS / 1_000} s that ${pool} is down`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.stop("blue"), this.stop("green")]);
    await this.#stack.disposeAsync();
  }
}

/** What sluice.yaml, the application and the hooks are told, and nothing else: a SLUICE_URL of the reader leads elsewhere. */
function environment(folder: string, status: number, ports: Readonly<Record<Pool, readonly number[]>>): Env {
  const port = (pool: Pool, index: number) => String(ports[pool][index]);
  const { NGINX, HOME = folder, LANG = "C.UTF-8", PATH = "" } = process.env;
  return {
    FOLDER: folder,
    DATABASE: join(folder, "people.db"),
    STATUS_PORT: String(status),
    BLUE_1: port("blue", 0),
    BLUE_2: port("blue", 1),
    GREEN_1: port("green", 0),
    GREEN_2: port("green", 1),
    NO_COLOR: "1",
    HOME,
    LANG,
    ...(NGINX === undefined ? {} : { NGINX }),
    // migrate.ts is run by the node that runs this; nginx is not on the PATH of every user.
    PATH: [dirname(process.execPath), PATH, "/usr/sbin", "/usr/local/sbin"].join(delimiter),
  };
}
