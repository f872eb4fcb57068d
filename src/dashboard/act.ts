import { signal } from "@preact/signals";
import type { RolloutView, ServiceView } from "../core/view.ts";
import { ask, Problem } from "./api.ts";
import { refresh, show } from "./live.ts";
import type { Verb } from "./verbs.ts";

/** What was asked for and has not shown yet. The page changes only when it has. */
export type Asked = { readonly service: string; readonly what: string };

export const asked = signal<Asked | null>(null);
/** What the controller refused, in its words. */
export const refusal = signal<{ readonly what: string; readonly text: string; readonly hint: string | null } | null>(null);

/** Sends a verb. All but an abort name the state that the person saw: a click on something that has moved on does nothing. */
export async function command(service: ServiceView, verb: Exclude<Verb, "start" | "undo">): Promise<void> {
  const step = verb === "advance" && service.rollout !== null ? { step: service.rollout.step } : {};
  const headers: Record<string, string> = verb === "abort" ? {} : { "if-match": `"${service.etag}"` };
  await perform(service, verb, async () => {
    await ask<RolloutView>(`${pathOf(service.name)}/rollout/${verb}`, { method: "POST", body: step, headers });
  });
}

export type Start = {
  readonly strategy: RolloutView["strategy"];
  readonly to?: string;
  readonly version?: string;
  readonly reason?: string;
};

/** Starts a rollout as the form says; true where it was taken. */
export function start(service: ServiceView, body: Start): Promise<boolean> {
  return perform(service, "start", async () => {
    await ask(`${pathOf(service.name)}/rollouts`, {
      method: "POST",
      body,
      headers: { "if-match": `"${service.etag}"` },
    });
  });
}

/** Goes back to a revision by a new rollout, or to the newest that was stable before. */
export async function undo(service: ServiceView, revision: number | null): Promise<void> {
  await perform(service, revision === null ? "undo" : `undo ${revision}`, async () => {
    const body = revision === null ? {} : { revision };
    await ask(`${pathOf(service.name)}/undo`, { method: "POST", body, headers: { "if-match": `"${service.etag}"` } });
  });
}

/** Goes on without a member of a rolling update that failed. */
export async function giveUp(service: ServiceView, verb: "skip" | "exclude", member: string): Promise<void> {
  await perform(service, `${verb} ${member}`, async () => {
    const headers = { "if-match": `"${service.etag}"` };
    await ask(`${pathOf(service.name)}/rollout/${verb}`, { method: "POST", body: { member }, headers });
  });
}

/** Takes a member out of nginx, or puts it back. */
export async function moveMember(service: ServiceView, pool: string, member: string, verb: "drain" | "ready"): Promise<void> {
  const path = `${pathOf(service.name)}/pools/${encodeURIComponent(pool)}/members/${encodeURIComponent(member)}/${verb}`;
  await perform(service, `${verb} ${member}`, async () => {
    show(await ask<ServiceView>(path, { method: "POST", body: {} }));
  });
}

export function pathOf(service: string): string {
  return `/v1/services/${encodeURIComponent(service)}`;
}

async function perform(service: ServiceView, what: string, call: () => Promise<void>): Promise<boolean> {
  refusal.value = null;
  asked.value = { service: service.name, what };
  try {
    await call();
    return true;
  } catch (error) {
    const problem = error instanceof Problem ? error : null;
    refusal.value = {
      what,
      text: problem?.status === 412 ? "It has moved on since you looked. Nothing was done: look again." : textOf(error),
      hint: problem?.status === 412 ? null : (problem?.hint ?? null),
    };
    return false;
  } finally {
    await refresh();
    asked.value = null;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
