import type { RolloutView, ServiceView } from "../core/view.ts";
import { clockTime } from "./figures.ts";
import type { Seen } from "./live.ts";
import { Phase } from "./phase.tsx";
import { isUnderWay } from "./verbs.ts";

/** What is going on, in a line, and why, in a sentence. */
export function Headline({ seen: { service } }: { readonly seen: Seen }) {
  const { rollout } = service;
  return (
    <div class="headline">
      <h1>
        {service.name} <Phase rollout={rollout} />
      </h1>
      <p class="what">
        {rollout === null ? `All traffic is on ${service.stable}. Nothing was ever rolled out.` : whatOf(service, rollout)}
      </p>
      {rollout !== null && <p class="why">{rollout.reason}</p>}
    </div>
  );
}

function whatOf({ stable }: ServiceView, rollout: RolloutView): string {
  const { id, strategy, from, to, version, startedBy, startedAt, endedAt } = rollout;
  const brings = version === null ? to : `${version} on ${to}`;
  const updated = `rolling update of ${to}${version === null ? "" : ` to ${version}`}`;
  const what = strategy === "rolling" ? updated : `${strategy} from ${from} to ${brings}`;
  const began = `by ${startedBy} at ${clockTime(startedAt, new Date())}`;
  if (isUnderWay(rollout)) return `${id}: ${what}, started ${began}`;
  const ended = endedAt === null ? "" : `, ended at ${clockTime(endedAt, new Date())}`;
  return `All traffic is on ${stable}. Last: ${id}, ${what}, started ${began}${ended}`;
}
