import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openApp, renderConfig } from "../app.ts";
import { findController } from "../cli/address.ts";
import { EXIT } from "../cli/exit.ts";
import { Failure } from "../cli/failure.ts";
import type { Env } from "../cli/io.ts";
import { remoteSession } from "../cli/remote.ts";
import type { Session } from "../cli/session.ts";
import type { Log } from "../core/ports.ts";
import type { Ms } from "../core/units.ts";
import { AppServer } from "./app-server.ts";
import { findNginx, startEdge } from "./edge.ts";
import { makeFolder } from "./folder.ts";
import { freePorts } from "./ports.ts";
import { nginxConf, type Site, sluiceYaml } from "./site.ts";
import { Tally } from "./tally.ts";
import { startTraffic } from "./traffic.ts";

export const SERVICE = "web";
export type PoolName = "blue" | "green";

/** Everything that runs during the demo. Disposing ends all of it and leaves nothing behind. */
export type Stack = AsyncDisposable & {
  /** Where the clients ask. */
  readonly url: string;
  /** The controller's API. */
  readonly api: string;
  /** The dashboard, signed in: the token is as short-lived as the demo. */
  readonly dashboard: string;
  readonly folder: string;
  readonly config: string;
  readonly tokenFile: string;
  readonly pools: Readonly<Record<PoolName, readonly AppServer[]>>;
  /** The controller as any client reaches it: over HTTP. */
  readonly session: Session;
  readonly tally: Tally;
  /** What the controller warned of, newest last. */
  readonly warnings: readonly string[];
};

export type StackOptions = {
  readonly env: Env;
  readonly mono: () => Ms;
  readonly pace: number;
  /** Where to begin to look for ports. */
  readonly portsFrom: number;
  readonly asRoot: boolean;
  readonly interrupted: AbortSignal;
};

const READY_MS = 15_000;

export async function openStack(options: StackOptions): Promise<Stack> {
  const { env, mono } = options;
  const binary = await findNginx(env);
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(makeFolder()).path;
  const pools = { blue: await pool("v1", stack), green: await pool("v2", stack) };
  const [web = 0, status = 0, apiPort = 0] = await freePorts(3, options.portsFrom);
  const members = { blue: addresses(pools.blue), green: addresses(pools.green) };
  const ports = { web, status, api: apiPort };
  const config = await writeSite({ folder, binary, ports, members, asRoot: options.asRoot, pace: options.pace });
  const url = `http://127.0.0.1:${web}`;
  await renderConfig({ config, env, write: true });
  stack.use(await startEdge(binary, folder, url));
  const warnings: string[] = [];
  const app = stack.use(await openApp({ config, env, log: remember(warnings), listen: true }));
  const session = remoteSession(await findController({ config }, {}, folder));
  await ready(session, options);
  const tally = new Tally();
  stack.use(startTraffic({ url, mono, onOutcome: (outcome) => tally.add(outcome) }));
  const opened = stack.move();
  return {
    url,
    api: app.address ?? "",
    dashboard: `${app.address ?? ""}/#token=${(await readFile(app.tokenFile ?? "", "utf8")).trim()}`,
    folder,
    config,
    tokenFile: app.tokenFile ?? "",
    pools,
    session,
    tally,
    warnings,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function pool(version: string, stack: AsyncDisposableStack): Promise<readonly AppServer[]> {
  return [stack.use(await AppServer.start(version)), stack.use(await AppServer.start(version))];
}

function addresses(servers: readonly AppServer[]): readonly string[] {
  return servers.map((server) => server.address);
}

/** The path of the sluice.yaml. */
async function writeSite(site: Site): Promise<string> {
  const config = join(site.folder, "sluice.yaml");
  await writeFile(config, sluiceYaml(site));
  await writeFile(join(site.folder, "nginx.conf"), nginxConf(site));
  return config;
}

/** Waits until nginx is proved to serve what is wanted, and every member is healthy. */
async function ready(session: Session, { mono, interrupted }: StackOptions): Promise<void> {
  const until = mono() + READY_MS;
  for (;;) {
    interrupted.throwIfAborted();
    const { applied, pools } = await session.service(SERVICE);
    const members = Object.values(pools).flatMap((one) => one.members);
    const isApplied = applied.targets.every((target) => target.state === "applied");
    if (isApplied && members.every((member) => member.health === "ready")) return;
    if (mono() > until) {
      const reasons = [...applied.targets, ...members].map((one) => one.reason).filter((reason) => reason !== null);
      const why = reasons.length === 0 ? "no reason is known" : reasons.join("; ");
      throw new Failure(EXIT.unexpected, `nginx and the members were not ready within ${READY_MS / 1_000} s: ${why}`);
    }
    await sleep(50);
  }
}

const REMEMBERED = 20;

/** The screen belongs to the story: what the controller warns of is shown where an act does not end as it should. */
function remember(warnings: string[]): Log {
  const keep = (text: string, fields: Readonly<Record<string, unknown>> = {}) => {
    const { reason } = fields;
    warnings.push(typeof reason === "string" ? `${text}: ${reason}` : text);
    if (warnings.length > REMEMBERED) warnings.shift();
  };
  return { debug: () => {}, info: () => {}, warn: keep, error: keep };
}
