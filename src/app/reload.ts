import { readFile } from "node:fs/promises";
import { changesOf, compareConfigs, type ReloadRefusal } from "../config/compare.ts";
import type { Config } from "../config/config.ts";
import type { Env } from "../config/env.ts";
import { ConfigError } from "../config/errors.ts";
import { readSource } from "../config/source.ts";
import type { Controller } from "../controller/controller.ts";
import type { ReloadView } from "../core/view.ts";

/** The changed configuration can be used, and not while Sluice runs, or not while these rollouts do. */
export class ReloadRefused extends ConfigError {}

export type ReloadSource = { readonly config: string; readonly env: Env; read(): Promise<Config> };

/**
 * Takes over a changed configuration, all or nothing, one reload at a time. Rejects with a `ConfigError` that says what is wrong with it,
 * or with a `ReloadRefused` that says why it cannot be taken over now.
 */
export function reloader(source: ReloadSource, first: Config, controller: Controller): () => Promise<ReloadView> {
  let running = first;
  let last: Promise<unknown> = Promise.resolve();
  const reload = async (): Promise<ReloadView> => {
    const next = await source.read();
    const check = () => refuseWhatCannotChange(source, running, next, controller);
    await check();
    await controller.reconfigure(next.services, check);
    const changes = changesOf(running, next);
    running = next;
    return { ...changes, warnings: next.warnings.map(({ line, path, message }) => `line ${line}: ${path}: ${message}`) };
  };
  return () => {
    const turn = last.then(reload);
    last = turn.catch(() => undefined);
    return turn;
  };
}

async function refuseWhatCannotChange(
  source: ReloadSource,
  before: Config,
  after: Config,
  controller: Controller,
): Promise<void> {
  const inUse = (await controller.services()).map((service) => ({
    service: service.name,
    rollout: service.candidate === null ? null : (service.rollout?.id ?? null),
    pools: [service.stable, ...(service.candidate === null ? [] : [service.candidate])],
    updated: service.rollout?.strategy === "rolling" ? service.candidate : null,
  }));
  const refusals = compareConfigs(before, after, inUse);
  if (refusals.length > 0) throw await located(source, refusals);
}

/** A refusal stands where the change is written; what is no longer written, where it would be. */
async function located({ config, env }: ReloadSource, refusals: readonly ReloadRefusal[]): Promise<ReloadRefused> {
  const text = await readFile(config, "utf8");
  const { locate } = readSource(text, config, env);
  const problems = refusals.map(({ path, message }) => locate({ path: path.split("."), message }));
  return new ReloadRefused(problems, text);
}
