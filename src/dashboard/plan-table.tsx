import type { PlannedStep, PlannedTask, PlanView, TargetChange } from "../core/planned.ts";
import { count, duration, percentOf, percentOfBp, rate } from "./figures.ts";
import { Scroll } from "./scroll.tsx";

/** What a start would do now: its steps, what each waits for, what it changes in nginx, and what its checks can find. */
export function PlanTable({ plan }: { readonly plan: PlanView }) {
  const { refused, steps, leastMs, to } = plan;
  return (
    <>
      {refused !== null && (
        <p class="wrong">
          It would be refused now: {refused.reason}
          {refused.hint !== null && ` (${refused.hint})`}
        </p>
      )}
      {steps.length === 0 ? (
        <p class="dim">There is nothing to do.</p>
      ) : (
        <>
          <p class="dim">
            {leastMs === 0 ? "As long as its steps take" : `${duration(leastMs)} at least`}
            {trafficOf(plan)}
          </p>
          <Scroll label="Planned steps">
            <table class="planned stacked">
              <thead>
                <tr>
                  <th scope="col">Step</th>
                  <th scope="col" class="right">
                    {to}
                  </th>
                  <th scope="col">Goes on</th>
                  <th scope="col">nginx</th>
                  <th scope="col">Finds</th>
                  <th scope="col">Lost at most</th>
                </tr>
              </thead>
              <tbody>
                {steps.map((step, index) => (
                  <Row key={`${index} ${step.label}`} step={step} to={to} />
                ))}
              </tbody>
            </table>
          </Scroll>
        </>
      )}
    </>
  );
}

function trafficOf({ traffic: { requestsPerS, errorRatio } }: PlanView): string {
  if (requestsPerS === null) return "; the traffic is not known, so neither is what its checks can find";
  const errors = errorRatio === null ? "" : `, ${percentOf(errorRatio.value)} of them failing`;
  return `; the figures are for ${rate(requestsPerS.value)} requests per second${errors}, as ${requestsPerS.is}`;
}

function Row({ step, to }: { readonly step: PlannedStep; readonly to: string }) {
  const { label, shares, mostLost, warnings, nginx } = step;
  return (
    <>
      <tr>
        <th scope="row">{label}</th>
        <td class="right">{percentOfBp(shares[to] ?? 0)}</td>
        <td data-label="goes on">{endOf(step)}</td>
        <td data-label="nginx">{changeOf(nginx)}</td>
        <td data-label="finds">{findsOf(step)}</td>
        <td data-label="lost at most">
          {mostLost === null ? <span class="dim">–</span> : `${count(mostLost.requests)} requests`}
        </td>
      </tr>
      {warnings.map((warning) => (
        <tr key={warning} class="warning">
          <td colSpan={6}>! {warning}</td>
        </tr>
      ))}
    </>
  );
}

function endOf({ until, leastMs, before, after, needs }: PlannedStep): string {
  const time = leastMs === 0 ? [] : [`after ${duration(leastMs)}`];
  const evidence = until === "evidence" ? ["when the evidence is good"] : [];
  const needed = needs.length === 0 ? [] : [`when ${needs.join(" and ")} ${needs.length === 1 ? "passes" : "pass"}`];
  const end = [...time, ...evidence, ...needed, ...after.map(waitText)].join(", ");
  const parts = [before.map(waitText).join(", "), end].filter((part) => part !== "");
  return parts.length === 0 ? "at once" : parts.join("; then ");
}

const WAITS: Readonly<Record<string, string>> = {
  healthy: "once its members are healthy",
  approval: "once it is approved",
  capacity: "once enough others are ready",
  drained: "once nothing is in flight",
  members: "once they are healthy",
};

function waitText({ waitsFor, name, missing }: PlannedTask): string {
  const what = waitsFor === "hook" ? `after the hook ${name}` : (WAITS[waitsFor] ?? `after ${waitsFor}`);
  return missing === null ? what : `${what} (${missing})`;
}

const CHANGES: Readonly<Record<TargetChange["change"], string>> = { nothing: "", tables: "table change", reload: "reload" };

/** What it costs nginx: the most that any of them has to do. */
function changeOf(changes: readonly TargetChange[]): string {
  const most = ["reload", "tables"].flatMap((kind) => changes.find(({ change }) => change === kind) ?? [])[0];
  if (most === undefined) return "nothing";
  return `${most.times} ${CHANGES[most.change]}${most.times === 1 ? "" : "s"}`;
}

function findsOf({ checks }: PlannedStep): string {
  const found = checks.flatMap(({ name, detects }) => (detects === null ? [] : [`${name} from ${percentOf(detects)}`]));
  return found.length === 0 ? "–" : found.join(", ");
}
