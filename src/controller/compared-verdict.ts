import { type Names, sampleText } from "../analysis/sentence.ts";
import { trialVerdict } from "../analysis/trial-verdict.ts";
import type { Verdict } from "../core/rollout.ts";
import { type CompareCheck, type Compared, fullMs, type Open, requestsOf, ruleOf } from "./comparing.ts";

/** What a comparison says now. `problem` is why the newest read cannot be trusted: then nothing passes, and a proven harm still fails. */
export function compareVerdictOf(
  { trial, open, full, alone }: Compared,
  check: CompareCheck,
  names: Names,
  windowMs: number,
  problem: string | null,
): Verdict {
  const verdict = trialVerdict(check.name, trial, ruleOf(check), names, full.ms);
  if (verdict.is === "fail") return verdict;
  if (problem !== null) return { ...verdict, is: "error", text: problem };
  if (alone && trial.of !== "failures" && trial.of !== "events") {
    const text = `all the traffic is on ${names.canary}: nothing is left to compare with`;
    return { ...verdict, is: "inconclusive", text };
  }
  return full.windows === 0 ? { ...verdict, is: "inconclusive", text: filling(open, names, fullMs(open, windowMs)) } : verdict;
}

function filling({ ms, seen }: Open, names: Names, needed: number): string {
  if (seen.of === "events" || seen.of === "gauge") return `the first window fills: ${seconds(ms)} of ${seconds(needed)}`;
  const all = (count: number) => (names.part === undefined ? String(count) : `about ${Math.round(count / names.part)}`);
  const what =
    seen.of === "failures"
      ? `${all(seen.canary.x)} of ${all(seen.canary.n)} requests failed on ${names.canary}`
      : `${all(requestsOf(seen))} requests on ${names.canary}`;
  return `the first window fills: ${seconds(ms)} of ${seconds(needed)}, ${what} so far${sampleText(names)}`;
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toPrecision(2))} s`;
}
