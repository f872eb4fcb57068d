import { useSignal } from "@preact/signals";
import type { ServiceView } from "../core/view.ts";
import { command, refusal, undo } from "./act.ts";
import { Confirm } from "./confirm.tsx";
import { previousIn } from "./history.ts";
import { mayNow } from "./may.ts";
import { StartDialog } from "./start-dialog.tsx";
import { VerbButton } from "./verb-button.tsx";
import { type Offer, offersFor, type Verb } from "./verbs.ts";

/** The buttons of a service. A button that cannot be used says why; one that cannot be taken back asks first; an abort never does. */
export function Actions({ service }: { readonly service: ServiceView }) {
  const open = useSignal<Offer | null>(null);
  const offers = offersFor(service, mayNow(), previousIn(service));
  const use = (offer: Offer) => {
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
          <VerbButton
            key={offer.verb}
            {...offer}
            class={`act ${offer.verb}`}
            asks={offer.verb}
            service={service.name}
            onUse={() => use(offer)}
          />
        ))}
      </fieldset>
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
