import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { PlanView } from "../core/planned.ts";
import type { Strategy } from "../core/rollout.ts";
import type { ServiceView } from "../core/view.ts";
import { pathOf, refusal, type Start, start } from "./act.ts";
import { mayNow } from "./actions.tsx";
import { ask } from "./api.ts";
import { Dialog } from "./dialog.tsx";
import { PlanTable } from "./plan-table.tsx";
import { barrier } from "./verbs.ts";

const STRATEGIES: readonly (readonly [value: Strategy, label: string])[] = [
  ["canary", "Canary: step by step, by evidence"],
  ["blue-green", "Blue-green: everything at once"],
  ["rolling", "Rolling: the members of the stable pool, some at a time"],
];

/** What a person types is complete after this time. */
const TYPED_MS = 250;

type Preview = { readonly plan: PlanView } | { readonly problem: string };

/** The form of a start, with what it would do now: the plan of the controller, made anew with each change. */
export function StartDialog({ service, onClose }: { readonly service: ServiceView; readonly onClose: () => void }) {
  const others = Object.keys(service.pools).filter((pool) => pool !== service.stable);
  const strategy = useSignal<Strategy>(others.length === 0 ? "rolling" : "canary");
  const to = useSignal(others[0] ?? service.stable);
  const version = useSignal("");
  const reason = useSignal("");
  const preview = useSignal<Preview | null>(null);
  const body: Start = {
    strategy: strategy.value,
    ...(strategy.value === "rolling" ? {} : { to: to.value }),
    ...(version.value.trim() === "" ? {} : { version: version.value.trim() }),
  };
  const asked = JSON.stringify(body);
  useEffect(() => keepPlanned(service.name, asked, (found) => (preview.value = found)), [asked, service.etag]);

  const now = preview.value;
  const refused = now === null ? "The plan is being made." : "problem" in now ? now.problem : (now.plan.refused?.reason ?? null);
  const blocked = barrier(mayNow()) ?? refused;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (blocked !== null) return;
    const why = reason.value.trim();
    if (await start(service, why === "" ? body : { ...body, reason: why })) onClose();
  };
  return (
    <Dialog title={`Start a rollout of ${service.name}`} wide onClose={onClose}>
      <form class="start" onSubmit={(event) => void submit(event)}>
        <div class="fields">
          <label>
            Strategy
            <select value={strategy.value} onChange={(event) => (strategy.value = event.currentTarget.value as Strategy)}>
              {STRATEGIES.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          {strategy.value !== "rolling" && (
            <label>
              To the pool
              <select value={to.value} onChange={(event) => (to.value = event.currentTarget.value)}>
                {others.map((pool) => (
                  <option key={pool}>{pool}</option>
                ))}
              </select>
            </label>
          )}
          <label>
            <span>
              Version <span class="dim">(what it runs)</span>
            </span>
            <input
              name="version"
              autocomplete="off"
              value={version.value}
              onInput={(event) => (version.value = event.currentTarget.value)}
            />
          </label>
          <label>
            <span>
              Reason <span class="dim">(for the journal)</span>
            </span>
            <input
              name="reason"
              autocomplete="off"
              value={reason.value}
              onInput={(event) => (reason.value = event.currentTarget.value)}
            />
          </label>
        </div>
        <section class="plan" aria-label="What it would do now" aria-live="polite">
          {now === null ? (
            <p class="dim">Making the plan…</p>
          ) : "problem" in now ? (
            <p class="wrong">{now.problem}</p>
          ) : (
            <PlanTable plan={now.plan} />
          )}
        </section>
        {refusal.value !== null && (
          <p class="wrong" role="alert">
            {refusal.value.text} {refusal.value.hint}
          </p>
        )}
        <div class="dialog-buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" data-confirm="start" aria-disabled={blocked !== null} title={blocked ?? ""}>
            Start
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Asks for the plan once nothing was typed for a moment. It changes nothing, so that a token which may only read is enough. */
function keepPlanned(service: string, body: string, found: (preview: Preview) => void): () => void {
  const stop = new AbortController();
  const timer = setTimeout(async () => {
    try {
      const { signal } = stop;
      found({ plan: await ask<PlanView>(`${pathOf(service)}/plan`, { method: "POST", body: JSON.parse(body), signal }) });
    } catch (error) {
      if (!stop.signal.aborted) found({ problem: error instanceof Error ? error.message : String(error) });
    }
  }, TYPED_MS);
  return () => {
    clearTimeout(timer);
    stop.abort();
  };
}
