import type { Revision } from "../core/revision.ts";
import { revisionOf } from "../core/revision.ts";
import type { Rolling } from "../core/rolling.ts";
import type { Rollout } from "../core/rollout.ts";
import type { ServiceSettings } from "../core/service.ts";
import type { Now } from "../core/units.ts";
import { endState, type ServiceRecord, underWay } from "./record.ts";
import { listedOf } from "./service-state.ts";

/** What a service will be once the rollout under way is sent back, and the revision that this leaves. */
export type Replaced = { readonly record: ServiceRecord; readonly revision: Revision };

/**
 * Looks ahead to the end of the rollout under way, so that what comes after it can be refused before anything is sent back. Null where
 * none is under way.
 */
export function replaced(record: ServiceRecord, settings: ServiceSettings, now: Now): Replaced | null {
  const running = underWay(record);
  if (running === null) return null;
  const cursor = "cursor" in running.phase ? running.phase.cursor : null;
  if (cursor === null) return null;
  const rolling = running.rolling === null ? null : putBack(running.rolling);
  const phase = { phase: "reverted", at: now.t, cause: "replaced", cursor } as const;
  const rollout: Rollout = { ...running, rolling, phase, endedAt: now.wall };
  const state = endState(record.state, rollout, running);
  const { stable, revision: number } = state;
  const members = listedOf(state, settings, stable);
  return { record: { ...record, state, rollout }, revision: revisionOf(rollout, { number, stable, members }) };
}

/** Members that a rollback hook gives their old version back have it by then. */
function putBack(rolling: Rolling): Rolling {
  return rolling.settings.rollback === null ? rolling : { ...rolling, undone: rolling.touched };
}
