import { useSignal } from "@preact/signals";
import type { EventView } from "../core/view.ts";
import { clockTime } from "./figures.ts";
import { journal } from "./live.ts";

/** How many lines are shown at first. */
const FEW = 12;

const TONES: Readonly<Record<string, string>> = {
  promoted: "good",
  passed: "good",
  reverted: "bad",
  reverting: "bad",
  failed: "bad",
  failing: "bad",
  refused: "bad",
  held: "warn",
  paused: "warn",
  waiting: "warn",
};

/** What happened to the service, newest first. */
export function Journal() {
  const all = useSignal(false);
  const events = [...journal.value].reverse();
  if (events.length === 0) return <p class="dim">Nothing has happened yet.</p>;
  const shown = all.value ? events : events.slice(0, FEW);
  return (
    <>
      <ol class="journal" reversed>
        {shown.map((event) => (
          <Line key={event.seq} event={event} />
        ))}
      </ol>
      {events.length > FEW && (
        <button type="button" class="quiet" aria-expanded={all.value} onClick={() => (all.value = !all.value)}>
          {all.value ? "Fewer" : `${events.length - FEW} more`}
        </button>
      )}
    </>
  );
}

function Line({ event }: { readonly event: EventView }) {
  const { at, kind, text, actor, rollout } = event;
  return (
    <li class={`event ${TONES[kind] ?? ""}`} data-kind={kind}>
      <time dateTime={at} title={at}>
        {clockTime(at, new Date())}
      </time>
      <span class="knot" aria-hidden="true" />
      <span class="event-kind">{kind}</span>
      <span class="event-text">
        {text}
        {actor !== null && !text.includes(`by ${actor}`) && <span class="dim"> by {actor}</span>}
        {rollout !== null && <span class="dim"> {rollout}</span>}
      </span>
    </li>
  );
}
