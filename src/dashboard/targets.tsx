import type { ServiceView, TargetView } from "../core/view.ts";

const GLYPHS: Readonly<Record<TargetView["state"], string>> = { applied: "✓", applying: "◌", refused: "✕", blocked: "✕" };

/** The nginx processes that serve it, and what each of them said last. */
export function Targets({ service: { applied } }: { readonly service: ServiceView }) {
  return (
    <ul class="targets" aria-label="nginx">
      {applied.targets.map(({ name, state, generation, reason, lingering }) => (
        <li key={name} class={`target ${state}`}>
          <span aria-hidden="true">{GLYPHS[state]}</span> nginx {name} {state}
          {generation !== "" && <span class="dim"> {generation}</span>}
          {lingering > 0 && <span class="dim"> · {lingering} older still end</span>}
          {reason !== null && <span class="reason"> {reason}</span>}
        </li>
      ))}
    </ul>
  );
}
