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
          <Foot text={footOf(check)} />
        </li>
      ))}
    </ul>
  );
}

function Foot({ text }: { readonly text: string }) {
  return text === "" ? null : <p class="dim check-foot">{text}</p>;
}

function limitOf({ limit }: CheckView): string {
  return limit === "" ? "" : `limit ${limit}`;
}

/** What the sentence of the check itself does not say already. */
function footOf({ samples, windowMs, needed, text }: CheckView): string {
  const said = text.replace(/(?<=\d)\s(?=\d{3})/g, "");
  const seen =
    samples === null || samples === 0 || new RegExp(`\\b${samples}\\b`).test(said) ? [] : [`${count(samples)} requests`];
  const time = seen.length === 0 || windowMs === 0 ? [] : [`${duration(windowMs)} of evidence`];
  const requests = needed?.requests == null ? [] : [`about ${count(needed.requests)} more requests`];
  const wait = needed?.ms == null ? [] : [`about ${duration(needed.ms)} more`];
  const lacks = /\bmore\b/.test(text) ? [] : [...requests, ...wait];
  return [...seen, ...time, ...(lacks.length === 0 ? [] : [`needs ${lacks.join(", ")} to pass`])].join(" · ");
}
