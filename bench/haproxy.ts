import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { makePrefix, until } from "../test/support/nginx.ts";
import { freePort } from "../test/support/ports.ts";
import { type Backends, startBackends } from "./backends.ts";
import { end, endWithUs } from "./children.ts";
import { Clients } from "./clients.ts";
import { nowMs } from "./clock.ts";
import { type Effort, figure, lost, type Section } from "./figure.ts";
import { CLIENTS, LISTEN_MS, PAUSE_MS } from "./live-switch.ts";

const TITLE = "HAProxy's runtime API (set server … weight), measured like (a)";

/**
 * The same switches on a HAProxy with the same members and clients. One line sets both weights; there is no rename to watch, so
 * what counts as the switch is its answer.
 */
export async function haproxySwitch(effort: Effort): Promise<Section> {
  await using backends = await startBackends();
  await using haproxy = await Haproxy.start(backends);
  if (haproxy === null) return { id: "e", title: TITLE, figures: [], notes: ["HAProxy is not installed: skipped"] };
  await using clients = await Clients.start(haproxy.port, CLIENTS, PAUSE_MS);
  const answered: number[] = [];
  const latest: number[] = [];
  const late: number[] = [];
  const failed: number[] = [];
  const switches = effort === "full" ? 50 : 20;
  for (let index = 0; index < switches; index += 1) {
    const [old, to] = index % 2 === 0 ? ["blue", "green"] : ["green", "blue"];
    await clients.forget();
    await wait(50);
    const calledMs = nowMs();
    await haproxy.tell(`set server web/${to} weight 100; set server web/${old} weight 0`);
    const answeredMs = nowMs();
    await wait(LISTEN_MS);
    const counted = await clients.count(old ?? "", answeredMs);
    answered.push(answeredMs - calledMs);
    latest.push((counted.latestMs ?? calledMs) - calledMs);
    late.push(counted.after);
    failed.push(counted.failed);
    await wait(100);
  }
  return {
    id: "e",
    title: TITLE,
    figures: [
      figure("call to answer", "ms", answered),
      figure("latest start of a request that went to the old pool, after the call", "ms", latest),
      lost("requests that started after the answer and went to the old pool", "a switch", late, null),
      lost("failed requests", "a switch", failed, null),
    ],
    notes: ["HAProxy decides nothing here: the call sets two weights, where (a) checks a token, decides, journals and stores"],
  };
}

class Haproxy implements AsyncDisposable {
  readonly port: number;
  readonly #prefix: string;
  readonly #child: ChildProcess;

  private constructor(port: number, prefix: string, child: ChildProcess) {
    this.port = port;
    this.#prefix = prefix;
    this.#child = child;
  }

  /** Null where it is not installed. */
  static async start(backends: Backends): Promise<Haproxy | null> {
    const prefix = makePrefix();
    const port = await freePort();
    writeFileSync(join(prefix, "haproxy.cfg"), config(prefix, port, backends));
    const child = spawn("haproxy", ["-db", "-f", join(prefix, "haproxy.cfg")], { stdio: "ignore" });
    const missing = await Promise.race([once(child, "spawn").then(() => false), once(child, "error").then(() => true)]).catch(
      () => true,
    );
    if (missing) {
      rmSync(prefix, { recursive: true, force: true });
      return null;
    }
    endWithUs(child);
    await until("HAProxy starts", () => {
      if (child.exitCode !== null) throw new Error(`HAProxy ended with ${child.exitCode}`);
      return existsSync(join(prefix, "api.sock"));
    });
    return new Haproxy(port, prefix, child);
  }

  /** One line for the runtime API, on a connection of its own, as HAProxy's documentation shows it. */
  async tell(line: string): Promise<void> {
    const socket = connect(join(this.#prefix, "api.sock"));
    let said = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    socket.write(`${line}\n`);
    await once(socket, "close");
    if (said.trim() !== "") throw new Error(`HAProxy answered: ${said}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child);
    rmSync(this.#prefix, { recursive: true, force: true });
  }
}

function config(prefix: string, port: number, backends: Backends): string {
  return `global
  stats socket ${join(prefix, "api.sock")} level admin
  nbthread 2
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
frontend users
  bind 127.0.0.1:${port}
  default_backend web
backend web
  server blue ${backends.blue} weight 100
  server green ${backends.green} weight 0
`;
}
