import { isAbsolute, join } from "node:path";
import { DEFAULTS } from "../config/defaults.ts";
import { parseConfig } from "../config/load.ts";
import { includeLines, starterYaml } from "../config/starter.ts";
import { BASELINE } from "../nginx/capabilities.ts";
import { readBuild } from "../nginx/command.ts";
import { describeEdits, editsFor } from "../nginx/inspect/edits.ts";
import { readNginx } from "../nginx/inspect/inspect.ts";
import { ownFolderOf, pidOf, proposeFromNginx } from "../nginx/inspect/propose.ts";
import type { ConfigTree } from "../nginx/inspect/tree.ts";

/** A first sluice.yaml, the lines that nginx.conf needs for it, and what was not found there. */
export type Starter = { readonly yaml: string; readonly lines: string; readonly note: string | null };

/** How long `nginx -T` may take: names in a large configuration are looked up one after the other. */
const DUMP_MS = 30_000;

/** An example, or what the nginx.conf at this absolute path has: its upstreams, its pid file, Sluice's own folder. */
export async function starterFor(nginxConfig: string | null): Promise<Starter> {
  if (nginxConfig === null) {
    const yaml = starterYaml();
    return { yaml, lines: includeLines(parseConfig(yaml, "sluice.yaml", {})), note: null };
  }
  const { binary } = DEFAULTS.nginx;
  const { tree } = await readNginx({ binary, config: nginxConfig, timeoutMs: DUMP_MS, ownFolder: DEFAULTS.nginx.include });
  const own = ownFolderOf(tree);
  const include = own ?? DEFAULTS.nginx.include;
  const { upstreams } = proposeFromNginx(tree, include);
  const pid = await absolutePid(binary, nginxConfig, pidOf(tree));
  const yaml = starterYaml({ upstreams, nginxConfig, include, ...(pid === null ? {} : { pid }) });
  const note = noteOf(nginxConfig, own, upstreams.length);
  if (upstreams.length > 0) return { yaml, lines: linesFor(tree, yaml, upstreams), note };
  return { yaml, lines: own === null ? includeLines(parseConfig(yaml, "sluice.yaml", {})) : "", note };
}

function noteOf(nginxConfig: string, own: string | null, found: number): string | null {
  const set = `${nginxConfig} is set up already: it includes Sluice's files in ${own}`;
  if (found > 0) return own === null ? null : `${set}; their services are not taken over, write them in by hand`;
  return own === null
    ? `no upstreams found in ${nginxConfig}; wrote an example`
    : `${set}; no other upstreams found in it; wrote an example`;
}

function linesFor(tree: ConfigTree, yaml: string, upstreams: readonly { readonly name: string }[]): string {
  const config = parseConfig(yaml, "sluice.yaml", {});
  const services = Object.values(config.services);
  const [target] = Object.values(config.nginx);
  if (target === undefined) return includeLines(config);
  const expected = { services, target, capabilities: BASELINE };
  const edits = services.map((service, index) => editsFor(tree, expected, service, upstreams[index]?.name ?? service.name));
  return describeEdits({
    edits: unique(edits.flatMap((one) => one.edits)),
    byHand: unique(edits.flatMap((one) => one.byHand)),
  });
}

/** nginx reads a relative path from the prefix that it was built with; null where that cannot be asked, or no path is given. */
async function absolutePid(binary: string, config: string, pid: string | null): Promise<string | null> {
  if (pid === null || isAbsolute(pid)) return pid;
  const build = await readBuild({ by: "local", binary, config, pid }).catch(() => null);
  return build === null || build.prefix === "" ? null : join(build.prefix, pid);
}

/** Two services of one server need its lines once. */
function unique<T>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}
