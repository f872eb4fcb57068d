import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { PlanView } from "../core/planned.ts";
import type { Strategy } from "../core/rollout.ts";
import type { ServiceView } from "../core/view.ts";
import { pathOf, refusal, type Start, start } from "./act.ts";
import { ask } from "./api.ts";
import { Dialog } from "./dialog.tsx";
import { mayNow } from "./may.ts";
import { PlanTable } from "./plan-table.tsx";
import { type Form, StartFields } from "./start-fields.tsx";
import { barrier } from "./verbs.ts";

/** What a person types is complete after this time. */
const TYPED_MS = 250;

type Preview = { readonly plan: PlanView } | { readonly problem: string };

/** The form of a start, with what it would do now: the plan of the controller, made anew with each change. */
export function StartDialog({ service, onClose }: { readonly service: ServiceView; readonly onClose: () => void }) {
  const others = Object.keys(service.pools).filter((pool) => pool !== service.stable);
  const form: Form = {
    strategy: useSignal<Strategy>(others.length === 0 ? "rolling" : "canary"),
    to: useSignal(others[0] ?? service.stable),
    version: useSignal(""),
    reason: useSignal(""),
  };
  const preview = useSignal<Preview | null>(null);
  const body = bodyOf(form);
  const asked = JSON.stringify(body);
  useEffect(() => keepPlanned(service.name, asked, (found) => (preview.value = found)), [asked, service.etag]);

  const blocked = barrier(mayNow()) ?? refusedBy(preview.value);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (blocked !== null) return;
    const why = form.reason.value.trim();
    if (await start(service, why === "" ? body : { ...body, reason: why })) onClose();
  };
  return (
    <Dialog title={`Start a rollout of ${service.name}`} wide onClose={onClose}>
      <form class="start" onSubmit={(event) => void submit(event)}>
        <StartFields form={form} others={others} />
        <section class="plan" aria-label="What it would do now" aria-live="polite">
          <PlanPreview preview={preview.value} />
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

/** A plan is asked for without the reason: it changes nothing of it. */
function bodyOf({ strategy, to, version }: Form): Start {
  const named = version.value.trim();
  return {
    strategy: strategy.value,
    ...(strategy.value === "rolling" ? {} : { to: to.value }),
    ...(named === "" ? {} : { version: named }),
  };
}

/** Why it cannot be started; null where it can. */
function refusedBy(preview: Preview | null): string | null {
  if (preview === null) return "The plan is being made.";
  return "problem" in preview ? preview.problem : (preview.plan.refused?.reason ?? null);
}

function PlanPreview({ preview }: { readonly preview: Preview | null }) {
  if (preview === null) return <p class="dim">Making the plan…</p>;
  return "problem" in preview ? <p class="wrong">{preview.problem}</p> : <PlanTable plan={preview.plan} />;
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
