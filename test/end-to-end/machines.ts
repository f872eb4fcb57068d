import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import { until } from "../support/nginx.ts";
import { freePort } from "../support/ports.ts";

/** A member is a process of its own. What it does is in its version: `sick` is never healthy, `bad` answers 500, `flaky` only later. */
const MEMBER = `
import { createServer } from "node:http";
const [port, version] = process.argv.slice(2);
const born = Date.now();
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const url = new URL(request.url, "http://member");
  const sick = version.includes("sick") || (version.includes("flaky") && Date.now() - born > 1_500);
  const status = url.pathname === "/healthz" ? (sick ? 503 : 200) : version.includes("bad") ? 500 : 200;
  setTimeout(() => response.writeHead(status, { "x-version": version }).end(port), Number(url.searchParams.get("ms") ?? 0));
});
// The one before was killed, and on a busy machine it may hold the port for another moment.
server.on("error", () => setTimeout(listen, 20));
const listen = () => server.listen(Number(port), "127.0.0.1");
listen();
`;

/** Kills the member as it is, without mercy: only a drain saves what is in flight. Then starts it anew with the version it is given. */
const DEPLOY = `
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
const [folder, member, version] = process.argv.slice(2);
const port = member.split(":")[1];
const say = (what) => appendFileSync(folder + "/log", JSON.stringify({ what, port, version, at: Date.now(), key: process.env.SLUICE_KEY }) + "\\n");
say("begins");
if (existsSync(folder + "/hang-" + port)) await new Promise((resolve) => setTimeout(resolve, 3_600_000));
while (existsSync(folder + "/wait-" + port)) await new Promise((resolve) => setTimeout(resolve, 20));
if (existsSync(folder + "/fail-" + port)) { console.error("no space left on " + port); process.exit(7); }
const pidFile = folder + "/" + port + ".pid";
try { process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL"); } catch {}
const child = spawn(process.execPath, [folder + "/member.mjs", port, version], { detached: true, stdio: "ignore" });
writeFileSync(pidFile, String(child.pid));
child.unref();
say("ends");
`;

export type Deploy = {
  readonly what: "begins" | "ends";
  readonly port: string;
  readonly version: string;
  readonly at: number;
  readonly key: string;
};

/** Members as processes on this machine, and the script that a team would restart them with. */
export class Machines implements AsyncDisposable {
  readonly folder: string;
  readonly members: readonly string[];

  private constructor(folder: string, members: readonly string[]) {
    this.folder = folder;
    this.members = members;
  }

  static async start(count: number): Promise<Machines> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-machines-"));
    writeFileSync(join(folder, "member.mjs"), MEMBER);
    writeFileSync(join(folder, "deploy.mjs"), `#!${process.execPath}\n${DEPLOY}`);
    chmodSync(join(folder, "deploy.mjs"), 0o755);
    const ports = await Promise.all(Array.from({ length: count }, freePort));
    const machines = new Machines(
      folder,
      ports.map((port) => `127.0.0.1:${port}`),
    );
    for (const member of machines.members) machines.begin(member, "v1");
    await Promise.all(
      machines.members.map((member) => until(`${member} answers`, async () => (await machines.version(member)) === "v1", 10_000)),
    );
    return machines;
  }

  /** The deploy hook, as it stands in sluice.yaml. */
  get hook(): string {
    return JSON.stringify([process.execPath, join(this.folder, "deploy.mjs"), this.folder, "{member}", "{version}"]);
  }

  /** The hook that puts the first version back. */
  get rollback(): string {
    return JSON.stringify([process.execPath, join(this.folder, "deploy.mjs"), this.folder, "{member}", "v1"]);
  }

  /** Restarts a member by hand. */
  restart(member: string, version: string): void {
    end(Number(readFileSync(join(this.folder, `${portOf(member)}.pid`), "utf8")));
    this.begin(member, version);
  }

  /** Starts a member for the first time. */
  begin(member: string, version: string): void {
    const port = portOf(member);
    const child = spawn(process.execPath, [join(this.folder, "member.mjs"), port, version], { detached: true, stdio: "ignore" });
    writeFileSync(join(this.folder, `${port}.pid`), String(child.pid));
    child.unref();
  }

  /** Makes the deployments of a member hang, fail, or wait until this is off again. */
  set(what: "hang" | "fail" | "wait", member: string, on: boolean): void {
    const file = join(this.folder, `${what}-${portOf(member)}`);
    if (on) writeFileSync(file, "");
    else rmSync(file, { force: true });
  }

  /** What a member says that it runs; null where it does not answer. */
  async version(member: string): Promise<string | null> {
    try {
      const answer = await request(`http://${member}/`);
      await answer.body.dump();
      return String(answer.headers["x-version"]);
    } catch {
      return null;
    }
  }

  versions(): Promise<readonly (string | null)[]> {
    return Promise.all(this.members.map((member) => this.version(member)));
  }

  /** What the deploy script wrote down. */
  get deploys(): readonly Deploy[] {
    const file = join(this.folder, "log");
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Deploy);
  }

  /** The largest number of members that were being deployed at the same time. */
  get atOnce(): number {
    let now = 0;
    let most = 0;
    for (const { what } of this.deploys) {
      now += what === "begins" ? 1 : -1;
      most = Math.max(most, now);
    }
    return most;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.members) {
      const file = join(this.folder, `${portOf(member)}.pid`);
      if (existsSync(file)) end(Number(readFileSync(file, "utf8")));
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function portOf(member: string): string {
  return member.split(":")[1] ?? "";
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
