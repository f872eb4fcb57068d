import type { Needed } from "../core/basis.ts";
import { downOf } from "../core/blocker.ts";
import type { Cursor, Rollout, Step } from "../core/rollout.ts";
import type { Ms } from "../core/units.ts";

/** What a step that ends with its evidence still waits for: `served needs about 300 more requests, 40 s at this rate`. */
export function missingText(rollout: Rollout, cursor: Cursor, step: Step): string {
  const down = downOf(rollout);
  if (down !== null) return down;
  const missing = step.needs.flatMap((name) => {
    const known = rollout.verdicts[name];
    if (known === undefined || known.entry !== cursor.entry) return `${name} has not been judged yet`;
    const { is, text, basis } = known.verdict;
    if (is === "pass") return [];
    const needs = is === "inconclusive" ? neededText(basis?.needed ?? null) : null;
    return needs === null ? `${name}: ${text}` : `${name} needs ${needs}`;
  });
  return missing.length === 0 ? "it is there" : missing.join("; ");
}

/** Two digits of the requests, as more would promise too much; null where nobody knows what is needed. */
function neededText(needed: Needed | null): string | null {
  if (needed === null) return null;
  const { requests, ms } = needed;
  if (requests === null) return ms === null ? null : `${seconds(ms)} more`;
  const about = `about ${Number(requests.toPrecision(2))} more request${requests === 1 ? "" : "s"}`;
  return ms === null ? about : `${about}, ${seconds(ms)} at this rate`;
}

function seconds(ms: Ms): string {
  return ms >= 600_000 ? `${Math.round(ms / 60_000)} min` : `${Math.max(1, Math.round(ms / 1000))} s`;
}
