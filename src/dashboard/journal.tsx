import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import type { EventView } from "../core/view.ts";
import { dayOf, timeOfDay } from "./figures.ts";
import { journal } from "./live.ts";

/** How many lines are shown at first. */
const FEW = 14;

/** What is said again and again while a step lasts; the checks themselves say the newest of it. */
const REPEATED = "verdict";

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

/** What happened to the service, newest first; verdicts only where they are asked for. */
export function Journal() {
  const all = useSignal(false);
  const verdicts = useSignal(false);
  const events = [...journal.value].reverse();
  const wanted = verdicts.value ? events : events.filter(({ kind }) => kind !== REPEATED);
  const shown = all.value ? wanted : wanted.slice(0, FEW);
  return (
    <>
      <div class="card-head">
        <h2>Journal</h2>
        {events.some(({ kind }) => kind === REPEATED) && (
          <button type="button" class="quiet" aria-pressed={verdicts.value} onClick={() => (verdicts.value = !verdicts.value)}>
            {verdicts.value ? "Without verdicts" : `With ${events.length - wanted.length} verdicts`}
          </button>
        )}
      </div>
      {shown.length === 0 && <p class="dim">Nothing has happened yet.</p>}
      <ol class="journal" reversed>
        {shown.map((event, index) => {
          const above = shown[index - 1];
          const day = dayOf(event.at);
          return (
            <Fragment key={event.seq}>
              {day !== dayOf(above?.at ?? new Date()) && <li class="day">{day}</li>}
              <Line event={event} isFirst={event.rollout !== above?.rollout} />
            </Fragment>
          );
        })}
      </ol>
      {wanted.length > FEW && (
        <button type="button" class="quiet" aria-expanded={all.value} onClick={() => (all.value = !all.value)}>
          {all.value ? "Fewer" : `${wanted.length - FEW} more`}
        </button>
      )}
    </>
  );
}

/** The first line of a rollout says whose it is. */
function Line({ event, isFirst }: { readonly event: EventView; readonly isFirst: boolean }) {
  const { at, kind, text, actor, rollout } = event;
  return (
    <li class={`event ${TONES[kind] ?? ""}`} data-kind={kind}>
      <time dateTime={at} title={at}>
        {timeOfDay(new Date(at))}
      </time>
      <span class="knot" aria-hidden="true" />
      <span class="event-kind">{kind}</span>
      <span class="event-text">
        {isFirst && rollout !== null && <span class="chip rollout">{rollout}</span>}
        {text}
        {actor !== null && !text.includes(`by ${actor}`) && <span class="dim"> by {actor}</span>}
      </span>
    </li>
  );
}
