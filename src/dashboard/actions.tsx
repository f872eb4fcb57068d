import { useSignal } from "@preact/signals";
import type { ServiceView } from "../core/view.ts";
import { asked, command, refusal, undo } from "./act.ts";
import { Confirm } from "./confirm.tsx";
import { contentOf, previousOf, revisions } from "./history.ts";
import { mayNow } from "./may.ts";
import { StartDialog } from "./start-dialog.tsx";
import { type Offer, offersFor, type Verb } from "./verbs.ts";

/** The buttons of a service. A button that cannot be used says why; one that cannot be taken back asks first; an abort never does. */
export function Actions({ service }: { readonly service: ServiceView }) {
  const open = useSignal<Offer | null>(null);
  const previous = revisions.value === null ? null : previousOf(revisions.value);
  const offers = offersFor(service, mayNow(), previous === null ? null : contentOf(previous));
  const pending = asked.value?.service === service.name ? asked.value.what : null;
  const use = (offer: Offer) => {
    if (offer.blocked !== null) return;
    refusal.value = null;
    if (offer.verb === "start" || offer.confirm !== null) open.value = offer;
    else tell(service, offer.verb);
  };
  const close = () => {
    open.value = null;
  };
  const asks = open.value;
  return (
    <div class="actions">
      <fieldset class="buttons" aria-label="Actions">
        {offers.map((offer) => (
          <ActionButton key={offer.verb} offer={offer} pending={pending === offer.verb} onUse={use} />
        ))}
      </fieldset>
      <p class="refusal" role="alert">
        {refusal.value !== null && (
          <>
            <strong>{refusal.value.what} was refused:</strong> {refusal.value.text}
            {refusal.value.hint !== null && <span class="dim"> ({refusal.value.hint})</span>}
          </>
        )}
      </p>
      {asks?.verb === "start" && <StartDialog service={service} onClose={close} />}
      {asks !== null && asks.verb !== "start" && (
        <Confirm
          title={`${asks.label.replace("…", "")} ${service.name}?`}
          text={asks.confirm ?? ""}
          action={asks.label.replace("…", "")}
          onClose={close}
          onYes={() => {
            close();
            tell(service, asks.verb);
          }}
        />
      )}
    </div>
  );
}

function tell(service: ServiceView, verb: Verb): void {
  if (verb === "undo") void undo(service, null);
  else if (verb !== "start") void command(service, verb);
}

type ButtonProps = { readonly offer: Offer; readonly pending: boolean; readonly onUse: (offer: Offer) => void };

/** `aria-disabled`, not `disabled`: it can still be reached, and says why it cannot be used. */
function ActionButton({ offer, pending, onUse }: ButtonProps) {
  const { verb, label, does, blocked } = offer;
  const id = `why-${verb}`;
  return (
    <span class="action">
      <button
        type="button"
        class={`act ${verb}`}
        data-verb={verb}
        aria-disabled={blocked !== null}
        aria-busy={pending}
        aria-describedby={id}
        onClick={() => onUse(offer)}
      >
        {pending ? `${label}: requested…` : label}
      </button>
      <span class="tip" role="tooltip" id={id}>
        {blocked !== null && <strong>{blocked} </strong>}
        {does} <span class="dim">Needs the scope operate.</span>
      </span>
    </span>
  );
}
