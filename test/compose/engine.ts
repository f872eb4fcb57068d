import { execa } from "execa";
import { root } from "../support/sources.ts";

/** What a program printed, both streams together, and how it ended. */
export type Ended = { readonly exitCode: number; readonly text: string };

/** The words that `docker compose` of the documentation stands for here: version 2 where it is, else the older program. */
async function findCompose(): Promise<string> {
  const newer = await execa("docker", ["compose", "version"], { reject: false });
  return newer.exitCode === 0 ? "docker compose" : "docker-compose";
}

export const compose = await findCompose();

/** Runs lines of shell in the checkout; `docker compose` is whichever Compose there is. */
export async function shell(lines: string, env: Readonly<Record<string, string>>, timeoutMs = 240_000): Promise<Ended> {
  const script = lines.replaceAll("docker compose", compose);
  const done = await execa("bash", ["-eo", "pipefail", "-c", script], {
    cwd: root,
    env,
    reject: false,
    all: true,
    stdin: "ignore",
    timeout: timeoutMs,
    killSignal: "SIGINT",
  });
  return { exitCode: done.exitCode ?? -1, text: done.all };
}

/** Runs `docker` and answers what it printed; throws where it failed. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await execa("docker", args, { stdin: "ignore", timeout: 120_000 });
  return stdout;
}

/** Names or ids that a listing prints, one a line. */
export async function listed(...args: string[]): Promise<readonly string[]> {
  return (await docker(...args)).split("\n").filter((line) => line !== "");
}
