import type { Service } from "../config.ts";
import { formatDuration } from "../duration.ts";
import { formatShare } from "../percent.ts";
import { type Judgement, type Subject, warning } from "./rule.ts";

/** Every raise of a weighted ramp is a reload, and reloads come no closer than this. The planner of the core has the same. */
const RELOADS_APART_MS = 5_000;
/** With fewer raises than this, what was meant as a slope is a staircase. */
const SMOOTH = 10;
const PERCENT_BP = 100;

/** Says what a ramp will do where it is too short for its service to rise smoothly. */
export function* rampRules({ settings }: Subject): Iterable<Judgement> {
  for (const service of Object.values(settings.services)) {
    if (service.routing === "weighted") yield* shortRamps(service);
  }
}

function* shortRamps(service: Service): Iterable<Judgement> {
  let fromBp = 0;
  for (const [index, step] of (service.canary?.steps ?? []).entries()) {
    if (step.kind === "ramp" && step.to > fromBp) {
      const span = step.to - fromBp;
      const { raises, byBp } = raisesOf(span, step.overMs);
      if (raises < Math.min(SMOOTH, Math.ceil(span / PERCENT_BP)))
        yield warning(
          ["services", service.name, "canary", "steps", index, "over"],
          `is ${raises === 1 ? `one raise of ${formatShare(byBp)}` : `${raises} raises of ${formatShare(byBp)} at most`}: a weighted service is raised every ${formatDuration(RELOADS_APART_MS)} at most, as each raise is a reload; for more, make it longer, or use routing: live`,
        );
    }
    fromBp = step.kind === "ramp" ? step.to : step.share;
  }
}

/** Whole percents, as few as the time allows. */
function raisesOf(span: number, overMs: number) {
  const most = Math.max(1, Math.floor(overMs / RELOADS_APART_MS));
  const byBp = Math.min(span, Math.ceil(span / most / PERCENT_BP) * PERCENT_BP);
  return { raises: Math.ceil(span / byBp), byBp };
}
