import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { wantedRoutes } from "../controller/wanted-routes.ts";
import { ofFolder } from "../nginx/disk-trouble.ts";
import { differences, writeFirst } from "../nginx/first.ts";
import { createResolve } from "../probe/resolve.ts";
import { openSqlite } from "../store/sqlite.ts";
import { readTemplates } from "./templates.ts";

/** What `render` shows of one target. */
export type RenderedTarget = {
  readonly target: string;
  readonly diff: string;
  readonly files: ReadonlyMap<string, string>;
  readonly written: boolean;
};

/** A name that is not answered for in this time has no address now. */
const RESOLVE_MS = 5_000;

/**
 * Renders each target as it would be now: from what is stored, where something is. Writing takes the lock, so that no
 * controller that runs is written over.
 */
export async function renderAll(file: string, config: Config, write: boolean): Promise<readonly RenderedTarget[]> {
  await using stack = new AsyncDisposableStack();
  const store = write || (await exists(join(config.state, "sluice.db"))) ? stack.use(await openSqlite(config.state)) : null;
  if (write && store !== null) stack.use(await store.lease("sluice render --write"));
  const templates = await readTemplates(file, config.templates);
  const routes = await wantedRoutes(store, Object.values(config.services), createResolve({ timeoutMs: RESOLVE_MS }));
  const rendered: RenderedTarget[] = [];
  for (const target of Object.values(config.nginx)) {
    const own = routes.filter((route) => config.services[route.service]?.targets.includes(target.name));
    try {
      const { files, diff } = await differences(target, templates, own);
      const { changed } = write ? await writeFirst(target, templates, own) : { changed: false };
      rendered.push({ target: target.name, diff, files, written: changed });
    } catch (error) {
      throw ofFolder(error, target);
    }
  }
  return rendered;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
