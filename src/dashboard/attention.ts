import type { ServiceView } from "../core/view.ts";
import { isUnderWay } from "./verbs.ts";

/** Why a person should look at a service, most pressing first; empty where nobody has to. */
export function needsAttention(service: ServiceView): readonly string[] {
  return [...ofRollout(service), ...ofTargets(service), ...ofMembers(service)];
}

function ofRollout({ rollout }: ServiceView): readonly string[] {
  if (!isUnderWay(rollout)) return [];
  const { phase, hold, steps, step, checks } = rollout;
  if (phase === "failed") return [rollout.reason];
  if (phase === "reverting") return ["going back"];
  if (hold !== null) return [hold.reason];
  if (phase === "paused") return ["paused"];
  if (phase === "waiting" && steps[step]?.until === "approval") return ["waits for approval"];
  return checks.filter(({ is }) => is === "error" || is === "fail").map(({ name, text }) => `${name}: ${text}`);
}

function ofTargets({ applied }: ServiceView): readonly string[] {
  return applied.targets
    .filter(({ state }) => state === "refused" || state === "blocked")
    .map(({ name, state, reason }) => `nginx ${name} is ${state}${reason === null ? "" : `: ${reason}`}`);
}

/** Of pools that have traffic, or are about to. */
function ofMembers({ pools, wanted, stable, candidate }: ServiceView): readonly string[] {
  return Object.entries(pools).flatMap(([name, { members }]) => {
    if ((wanted.shares[name] ?? 0) === 0 && name !== stable && name !== candidate) return [];
    const down = members.filter(({ health, state }) => state === "ready" && (health === "down" || health === "kept"));
    return down.length === 0 ? [] : [`${down.length} of ${members.length} members of ${name} down`];
  });
}
