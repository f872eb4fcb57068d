import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { RevisionView, ServiceView } from "../core/view.ts";
import { undo } from "./act.ts";
import { Confirm } from "./confirm.tsx";
import { clockTime, duration } from "./figures.ts";
import { historyOf, loadHistory } from "./history.ts";
import { mayNow } from "./may.ts";
import { becameStable, contentOf } from "./revisions.ts";
import { VerbButton } from "./verb-button.tsx";
import { barrier, isUnderWay } from "./verbs.ts";

const RESULTS: Readonly<Record<RevisionView["result"], readonly [glyph: string, tone: string]>> = {
  initial: ["–", "dim"],
  promoted: ["✓", "verdict pass"],
  reverted: ["↩", "verdict fail"],
};

const SHOWN = 8;

/** The newest finished rollouts of a service, each with the way back to it. */
export function HistoryTable({ service }: { readonly service: ServiceView }) {
  const asks = useSignal<RevisionView | null>(null);
  const { name, rollout } = service;
  useEffect(() => void loadHistory(name), [name, rollout?.id, rollout?.endedAt]);
  const all = historyOf(service);
  if (all === null || all.length === 0) return <p class="dim">Nothing was rolled out yet.</p>;
  const asked = asks.value;
  const current = all.find(becameStable) ?? null;
  const close = () => {
    asks.value = null;
  };
  return (
    <>
      <ol class="history" reversed>
        {all.slice(0, SHOWN).map((one) => (
          <Row key={one.number} one={one} isCurrent={one === current} service={service} onAsk={() => (asks.value = one)} />
        ))}
      </ol>
      {asked !== null && (
        <Confirm
          title={`Go back to revision ${asked.number}?`}
          text={`Starts a rollout that brings ${contentOf(asked)} back. Where all members of ${asked.to} are ready, all traffic goes there at once, without checks.`}
          action="Go back"
          onClose={close}
          onYes={() => {
            close();
            void undo(service, asked.number);
          }}
        />
      )}
    </>
  );
}

type RowProps = {
  readonly one: RevisionView;
  readonly isCurrent: boolean;
  readonly service: ServiceView;
  readonly onAsk: () => void;
};

function Row({ one, isCurrent, service, onAsk }: RowProps) {
  const { number, result, endedAt, startedBy, cause, durationMs, undoes } = one;
  const [glyph, tone] = RESULTS[result];
  const when = endedAt === null ? "" : clockTime(endedAt, new Date());
  const facts = [
    ...(undoes === null ? [] : [`undo to ${undoes}`]),
    ...(startedBy === null ? [] : [`by ${startedBy}`]),
    ...(durationMs === null ? [] : [`in ${duration(durationMs)}`]),
  ];
  return (
    <li class="revision" data-revision={number}>
      <span class="dim">{number}</span>
      <span class={tone}>
        <span aria-hidden="true">{glyph}</span> {result}
      </span>
      <span>
        <b>{contentOf(one)}</b> {isCurrent && <span class="chip here-now">now</span>}
        <span class="dim">
          {" "}
          {facts.join(" ")} {when}
        </span>
        {result === "reverted" && cause !== null && <span class="reason">{cause}</span>}
      </span>
      {becameStable(one) && !isCurrent && <Back service={service} number={number} onAsk={onAsk} />}
    </li>
  );
}

type BackProps = Pick<RowProps, "service" | "onAsk"> & { readonly number: number };

function Back({ service, number, onAsk }: BackProps) {
  const busy = isUnderWay(service.rollout) ? `${service.rollout.id} is under way: abort it, or wait for its end.` : null;
  return (
    <VerbButton
      label="Go back"
      name={`Go back to revision ${number}`}
      class="quiet"
      does="Brings it back by a new rollout. It asks first."
      blocked={barrier(mayNow()) ?? busy}
      asks={`undo ${number}`}
      service={service.name}
      onUse={onAsk}
    />
  );
}
