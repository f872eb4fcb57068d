import type { RolloutView } from "../../core/view.ts";
import { verdictMark } from "./phase.ts";
import { rolloutHead } from "./rollout.ts";
import { paint, type Style } from "./style.ts";
import { plain } from "./width.ts";

/** What was decided in one sentence, where and why: `Reverted at 25%: errors: 41 of 1 203 requests failed …`. */
export function decisionSentence({ phase, step, steps, reason }: RolloutView): string {
  const at = steps[step]?.label;
  const where = phase === "promoted" || at === undefined ? "" : ` at ${at}`;
  return `${phase.charAt(0).toUpperCase()}${phase.slice(1)}${where}: ${plain(reason)}`;
}

/** The sentence, then the rollout, then each check with its limit and all that it says, uncut. */
export function explainedLines(rollout: RolloutView, style: Style, now: number): string[] {
  const [title = ""] = rolloutHead(rollout, style, now);
  const checks = rollout.checks.flatMap((check) => {
    const mark = verdictMark(style, check.is);
    const samples = check.samples === null ? "" : `, from ${check.samples}`;
    const limit = check.limit === "" ? "" : `   limit ${check.limit}${samples}`;
    return ["", `${paint(style, "bold", check.name)}   ${paint(style, mark.tone, mark.text)}${limit}`, `  ${plain(check.text)}`];
  });
  return [decisionSentence(rollout), "", title, ...(checks.length === 0 ? ["", "no check judged it"] : checks)];
}
