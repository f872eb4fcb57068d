import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serverBlock } from "../end-to-end/server-block.ts";
import { until } from "../support/nginx.ts";
import { docker } from "./engine.ts";
import { RUN } from "./images.ts";

/** A container of the public nginx image on this machine's network, with a folder of its own that it shares with this side. */
export type Edge = {
  readonly container: string;
  readonly folder: string;
  readonly url: string;
  start(): Promise<void>;
};

/** The user of these tests, so that what a container writes belongs to it. */
const USER = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;

/** The options of `docker run` that all these containers have. */
export function runOptions(name: string, folders: readonly string[]): readonly string[] {
  return [
    ...["run", "--detach", "--name", name, "--network", "host", "--user", USER, "--read-only", "--tmpfs", "/tmp/own:mode=1777"],
    ...["--security-opt", "no-new-privileges"],
    ...folders.flatMap((folder) => ["--volume", `${folder}:${folder}`]),
  ];
}

/** Not started yet: the folder has no generation before Sluice wrote one. */
export function makeEdge(name: string, folder: string, port: number): Edge {
  const container = `sluice-test-${RUN}-${name}`;
  const config = join(folder, "nginx.conf");
  writeFileSync(
    config,
    `daemon off;
worker_processes 2;
pid ${folder}/nginx.pid;
error_log stderr notice;
events { worker_connections 512; }
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path /tmp/own/${kind};`).join(" ")}
${serverBlock(folder, port, "live", "error timeout")}
}
`,
  );
  const image = process.env.NGINX_IMAGE ?? "nginx:stable";
  return {
    container,
    folder,
    url: `http://127.0.0.1:${port}`,
    start: async () => {
      await docker(...runOptions(container, [folder]), "--entrypoint", "nginx", image, "-c", config);
      await until("nginx answers", () => fetch(`http://127.0.0.1:${port}`).then(Boolean, () => false), 10_000);
    },
  };
}

/** Removes containers and folders, whatever became of them. */
export async function removeAll(containers: readonly string[], folders: readonly string[]): Promise<void> {
  for (const container of containers) await docker("rm", "--force", "--volumes", container).catch(() => undefined);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
