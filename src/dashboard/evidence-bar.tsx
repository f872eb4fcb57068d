import type { CheckView } from "../core/view.ts";

/**
 * How far the evidence of a check has come, from the middle towards its two limits: to the left it fails, to the right it passes. Both
 * grow by themselves, since evidence for the one is not evidence against the other; only the one that decided has its full colour.
 */
export function EvidenceBar({ check: { name, is, towards } }: { readonly check: CheckView }) {
  if (towards.fail === null && towards.pass === null) return null;
  const fail = is === "fail" ? 1 : Math.min(0.99, towards.fail ?? 0);
  const pass = is === "pass" ? 1 : Math.min(0.99, towards.pass ?? 0);
  const said = `${name}: ${Math.round(fail * 100)} % of the way to failing, ${Math.round(pass * 100)} % of the way to passing`;
  return (
    <div class="evidence" role="img" aria-label={said} data-fail={fail} data-pass={pass}>
      <span class="end">fails</span>
      <span class="half against">
        <span class={is === "fail" ? "reached" : ""} style={{ width: `${fail * 100}%` }} />
      </span>
      <span class="half for">
        <span class={is === "pass" ? "reached" : ""} style={{ width: `${pass * 100}%` }} />
      </span>
      <span class="end">passes</span>
    </div>
  );
}
