import { strength } from "../analysis/sentence.ts";
import { weighTogether } from "../analysis/together.ts";
import type { Check, CompareRule } from "../core/check.ts";
import type { Rollout, Verdict } from "../core/rollout.ts";

type Known = Rollout["verdicts"];
type Pooled = Check & { readonly rule: CompareRule };

/**
 * Fails the strongest of these verdicts where the comparisons that share their alpha are enough together, though none is alone. What others
 * found is known from what they said last: evidence against the candidate is kept over all steps.
 */
export function weighPooled(verdicts: readonly Verdict[], checks: readonly Check[], known: Known): readonly Verdict[] {
  const pooled = checks.filter(isPooled);
  const logHarmOf = ({ name }: Check): number => {
    const verdict = verdicts.find(({ check }) => check === name) ?? known[name]?.verdict;
    return verdict?.basis?.logHarm ?? 0;
  };
  const { logHarm, logHarmNeeded } = weighTogether(
    pooled.map((check) => ({ alpha: check.rule.alpha, logHarm: logHarmOf(check) })),
  );
  const [strongest] = verdicts
    .filter(({ check }) => pooled.some(({ name }) => name === check))
    .sort((a, b) => (b.basis?.logHarm ?? 0) - (a.basis?.logHarm ?? 0));
  if (pooled.length < 2 || strongest === undefined || logHarm < logHarmNeeded) return verdicts;
  if (verdicts.some(({ is }) => is === "fail")) return verdicts;
  const others = pooled.filter(({ name }) => name !== strongest.check).map(({ name }) => name);
  const text = `${strongest.text}; together with ${others.join(", ")} evidence ${strength(logHarm)} against, ${strength(logHarmNeeded)} needed`;
  return verdicts.map((verdict) => (verdict === strongest ? { ...verdict, is: "fail", text } : verdict));
}

function isPooled(check: Check): check is Pooled {
  return check.rule.kind === "compare" && check.rule.pooled === true;
}
