import { trialVerdict } from "../analysis/trial-verdict.ts";
import type { Verdict } from "../core/rollout.ts";
import type { PoolName } from "../core/units.ts";
import { type CompareCheck, type Compared, fullMs, type Open, requestsOf, ruleOf } from "./comparing.ts";

type Names = { readonly canary: PoolName; readonly stable: PoolName };

/** What a comparison says now. `problem` is why the newest read cannot be trusted: then nothing passes, and a proven harm still fails. */
export function compareVerdictOf(
  { trial, open, full }: Compared,
  check: CompareCheck,
  names: Names,
  windowMs: number,
  problem: string | null,
): Verdict {
  const verdict = trialVerdict(check.name, trial, ruleOf(check), names, full.ms);
  if (verdict.is === "fail") return verdict;
  if (problem !== null) return { ...verdict, is: "error", text: problem };
  return full.windows === 0
    ? { ...verdict, is: "inconclusive", text: filling(open, names.canary, fullMs(open, windowMs)) }
    : verdict;
}

function filling({ ms, seen }: Open, name: PoolName, needed: number): string {
  if (seen.of === "events" || seen.of === "gauge") return `the first window fills: ${seconds(ms)} of ${seconds(needed)}`;
  const what =
    seen.of === "failures"
      ? `${seen.canary.x} of ${seen.canary.n} requests failed on ${name}`
      : `${requestsOf(seen)} requests on ${name}`;
  return `the first window fills: ${seconds(ms)} of ${seconds(needed)}, ${what} so far`;
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toPrecision(2))} s`;
}
