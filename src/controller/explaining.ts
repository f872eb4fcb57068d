import type { Check } from "../core/check.ts";
import { type Decided, type DecidedCheck, decidedCheck } from "../core/decided.ts";
import {
  type DecisionView,
  decisionSentence,
  type ExplainedCheck,
  type ExplanationView,
  type WindowView,
} from "../core/explained.ts";
import type { Store } from "../core/ports.ts";
import type { Rollout } from "../core/rollout.ts";
import type { Now } from "../core/units.ts";
import type { EventView, RolloutView } from "../core/view.ts";
import { eventsOfRollout } from "./events.ts";
import { hookRuns } from "./hook-runs.ts";
import { windowsKey } from "./record.ts";
import type { Closed, WindowLog } from "./windows.ts";

/** Puts together what is stored of a rollout's decisions. `shown` is the rollout as people see it. */
export async function explain(store: Store, rollout: Rollout, shown: RolloutView, now: Now): Promise<ExplanationView> {
  const events = await eventsOfRollout(store, rollout.id);
  const decisions = events.flatMap((event) => decisionOf(event) ?? []);
  const checks = await Promise.all(
    rollout.checks.map(async (check): Promise<ExplainedCheck> => {
      // What stands in an event has the instants of its time, whatever has happened to the controller's clock since.
      const last = rollout.endedAt === null ? null : lastWord(decisions, check.name);
      const said = last ?? decidedCheck(rollout, check.name, now) ?? silent(check);
      return { ...said, ...(await recordedOf(store, rollout.id, check.name)) };
    }),
  );
  const hooks = await hookRuns(store, rollout.id);
  return { rollout: shown, text: decisionSentence(shown), decisions, checks, hooks };
}

function lastWord(decisions: readonly DecisionView[], name: string): DecidedCheck | null {
  return decisions.flatMap(({ checks }) => checks.filter((check) => check.name === name)).at(-1) ?? null;
}

function decisionOf({ seq, at, step, actor, text, data }: EventView): DecisionView | null {
  if (!("decision" in data)) return null;
  const { decision, checks } = data as unknown as Decided;
  return { seq, at, step, decision, actor, text, checks };
}

async function recordedOf(store: Store, rollout: string, check: string): Promise<Pick<ExplainedCheck, "recorded" | "dropped">> {
  const entry = await store.get(windowsKey(rollout, check));
  const log = entry?.value as unknown as WindowLog | undefined;
  return { recorded: (log?.windows ?? []).map(showWindow), dropped: log?.dropped ?? 0 };
}

function silent({ name, metric, rule }: Check): DecidedCheck {
  const nothing = { value: null, limit: "", samples: 0, windowMs: 0, text: "not judged yet", basis: null };
  return { name, metric, rule, is: "inconclusive", ...nothing };
}

function showWindow({ to, part, ...window }: Closed): WindowView {
  return { ...window, at: new Date(to).toISOString(), part: part === true };
}
