import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { vi } from "vitest";
import { freePort } from "./ports.ts";

/** Why no real Prometheus can be asked here, or null where one can. */
export const NO_PROMETHEUS = ((): string | null => {
  try {
    execFileSync("prometheus", ["--version"], { stdio: "ignore" });
    return null;
  } catch {
    return "prometheus is not installed";
  }
})();

/** A Prometheus that reads one page every 200 ms, behind TLS and a password. */
export type RealPrometheus = AsyncDisposable & {
  readonly url: string;
  /** The file of the certificate to trust. */
  readonly ca: string;
  readonly user: string;
  readonly password: string;
};

/** bcrypt of "test", as in the documentation of Prometheus' web configuration. */
const TEST_HASH = "$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay";

/** Starts one in a folder of its own that reads `http://TARGET/metrics`. */
export async function startPrometheus(target: string): Promise<RealPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-prometheus-"));
  const at = (name: string) => join(folder, name);
  const port = await freePort();
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", at("key.pem"), "-out", at("ca.pem"), "-days", "2"];
  await execa("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...files, ...names]);
  const scrape = `{ job_name: app, scrape_interval: 200ms, scrape_timeout: 200ms, static_configs: [{ targets: ["${target}"] }] }`;
  await writeFile(at("prometheus.yml"), `scrape_configs: [${scrape}]\n`);
  const tls = `tls_server_config: { cert_file: ${at("ca.pem")}, key_file: ${at("key.pem")} }`;
  await writeFile(at("web.yml"), `${tls}\nbasic_auth_users: { sluice: "${TEST_HASH}" }\n`);
  const child = execa(
    "prometheus",
    [
      `--config.file=${at("prometheus.yml")}`,
      `--storage.tsdb.path=${at("data")}`,
      `--web.config.file=${at("web.yml")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { reject: false, stdin: "ignore", stdout: "ignore", stderr: { file: at("log") } },
  );
  await vi.waitFor(async () => {
    const log = await readFile(at("log"), "utf8").catch(() => "");
    if (!log.includes("ready to receive web requests")) throw new Error(`prometheus is not ready: ${log}`);
  }, 20_000);
  return {
    url: `https://127.0.0.1:${port}`,
    ca: at("ca.pem"),
    user: "sluice",
    password: "test",
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
