import type { CheckView, RolloutView } from "../core/view.ts";
import { EvidenceBar } from "./evidence-bar.tsx";
import { count, duration } from "./figures.ts";
import { Verdict } from "./verdict.tsx";

/** What each check of the rollout says now: value, limit, samples, and how far its evidence has come. */
export function Checks({ rollout }: { readonly rollout: RolloutView }) {
  return (
    <ul class="checks">
      {rollout.checks.map((check) => (
        <li key={check.name} class="check" data-check={check.name} data-is={check.is}>
          <div class="check-head">
            <b>{check.name}</b> <Verdict is={check.is} />
            <span class="dim">{limitOf(check)}</span>
          </div>
          <EvidenceBar check={check} />
          <p class="check-text">{check.text}</p>
          <p class="dim check-foot">{footOf(check)}</p>
        </li>
      ))}
    </ul>
  );
}

function limitOf({ limit }: CheckView): string {
  return limit === "" ? "" : `limit ${limit}`;
}

/** Where the sentence of the check itself says what is missing, it is not said again. */
function footOf({ samples, windowMs, needed, text }: CheckView): string {
  const seen = samples === null || samples === 0 ? [] : [`${count(samples)} requests`];
  const time = windowMs === 0 ? [] : [`${duration(windowMs)} of evidence`];
  const requests = needed?.requests == null ? [] : [`about ${count(needed.requests)} more requests`];
  const wait = needed?.ms == null ? [] : [`about ${duration(needed.ms)} more`];
  const lacks = /\bmore\b/.test(text) ? [] : [...requests, ...wait];
  return [...seen, ...time, ...(lacks.length === 0 ? [] : [`needs ${lacks.join(", ")} to pass`])].join(" · ");
}
