import type { HookPoint } from "../core/hook.ts";
import type { HookEnd, Store } from "../core/ports.ts";
import type { Effect } from "../core/rollout.ts";
import type { Json, Member, Ms } from "../core/units.ts";
import type { HookRunView } from "../core/view.ts";
import { hookRunKey, hookRunsPrefix } from "./record.ts";

/**
 * One run of a hook, as it is stored: when it begins, so that a kill leaves no work that nobody knows of, and when it has ended, with what
 * it said. Another run of the same work takes its place.
 */
export type HookRun = {
  readonly name: string;
  readonly point: HookPoint;
  readonly member: Member | null;
  readonly step: number | null;
  /** What it was given to be recognised by. */
  readonly key: string;
  /** Counts the runs of this work, from 1. */
  readonly run: number;
  /** Wall time. */
  readonly startedAt: Ms;
  /** Null until it is known, and for an HTTP call. */
  readonly pid: number | null;
  readonly end: (HookEnd & { readonly at: Ms }) | null;
};

type HookEffect = Effect & { effect: "hook" };

export function runOf(effect: HookEffect, key: string, step: number | null, before: HookRun | null, wall: Ms): HookRun {
  const { hook, point, member } = effect;
  return { name: hook.name, point, member, step, key, run: (before?.run ?? 0) + 1, startedAt: wall, pid: null, end: null };
}

/** How people call the work: `deploy for 10.0.0.1:80`. */
export function nameOfRun({ hook, member }: Pick<HookEffect, "hook" | "member">): string {
  return member === null ? hook.name : `${hook.name} for ${member}`;
}

export async function loadRun(store: Pick<Store, "get">, { rollout, task }: HookEffect): Promise<HookRun | null> {
  const entry = await store.get(hookRunKey(rollout, task));
  return (entry?.value as unknown as HookRun | undefined) ?? null;
}

export async function saveRun(store: Pick<Store, "txn">, { rollout, task }: HookEffect, run: HookRun): Promise<void> {
  await store.txn([], [{ put: hookRunKey(rollout, task), value: run as unknown as Json }]);
}

/** Runs of a rollout's hooks that have begun, and are not known to have ended, with where each is kept. */
export async function openRuns(
  store: Pick<Store, "list">,
  rollout: string,
): Promise<readonly { readonly at: string; readonly run: HookRun }[]> {
  return (await allRuns(store, rollout)).filter(({ run }) => run.end === null);
}

/** The newest run of each hook of a rollout, in the order in which they began. */
export async function hookRuns(store: Pick<Store, "list">, rollout: string): Promise<readonly HookRunView[]> {
  const runs = (await allRuns(store, rollout)).map(({ run }) => run);
  return runs.sort((a, b) => a.startedAt - b.startedAt).map(showRun);
}

const PAGE = 500;

/** A rolling update has a run for each member and for each batch: as many pages as there are. */
async function allRuns(
  store: Pick<Store, "list">,
  rollout: string,
): Promise<readonly { readonly at: string; readonly run: HookRun }[]> {
  const found: { readonly at: string; readonly run: HookRun }[] = [];
  const prefix = hookRunsPrefix(rollout);
  for (let after: string | undefined; ; after = found.at(-1)?.at) {
    const page = await store.list(prefix, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    found.push(...page.map(({ key, value }) => ({ at: key, run: value as unknown as HookRun })));
    if (page.length < PAGE) return found;
  }
}

function showRun({ startedAt, end, pid: _, key: __, ...run }: HookRun): HookRunView {
  const is = end === null ? "running" : end.ok ? "succeeded" : "failed";
  const endedAt = end === null ? null : new Date(end.at).toISOString();
  return { ...run, is, startedAt: new Date(startedAt).toISOString(), endedAt, text: end?.text ?? "", output: end?.output ?? "" };
}
