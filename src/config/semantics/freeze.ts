import type { Service } from "../config.ts";
import type { Path } from "../source.ts";
import { type Judgement, type Subject, warning } from "./rule.ts";

type Freeze = Service["freezes"][number];

const DAY_MINUTES = 1_440;
const WEEK = 7;

/** A freeze that never ends can be meant, and is mostly a slip of the pen. */
export function* freezeRules({ settings }: Subject): Iterable<Judgement> {
  const ofAll = settings.freeze;
  yield* endless(ofAll, ["freeze"]);
  for (const { name, freezes } of Object.values(settings.services))
    yield* endless(freezes.slice(ofAll.length), ["services", name, "freeze"]);
}

function* endless(freezes: readonly Freeze[], base: Path): Iterable<Judgement> {
  for (const [index, { days, from, to }] of freezes.entries()) {
    const lasts = to > from ? to - from : to + DAY_MINUTES - from;
    if (new Set(days).size === WEEK && lasts >= DAY_MINUTES)
      yield warning([...base, index], "never ends: no rollout starts or goes forward until it is removed");
  }
}
