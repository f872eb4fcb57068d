import type { Window } from "../../src/analysis/counts.ts";
import { Random } from "./random.ts";
import { RULES, type Rule } from "./rules.ts";
import { type Scenario, simulated } from "./scenario.ts";

/** How one rule did in one scenario: the canary requests of each run that was aborted (after the harm began), and how many runs there were. */
export type Tally = { readonly rule: string; readonly runs: number; readonly requests: readonly number[] };

/** Judges `runs` simulated hours by every rule, all by the same hours. */
export function tallied(scenario: Scenario, seed: number, stream: number, runs: number, rules: readonly Rule[] = RULES): Tally[] {
  const random = new Random(seed, stream);
  const tallies = rules.map((rule) => ({ rule: rule.name, runs: 0, requests: [] as number[] }));
  for (let run = 0; run < runs; run += 1) {
    const hour = simulated(scenario, random);
    for (const [index, rule] of rules.entries()) {
      const tally = tallies[index];
      if (tally === undefined || run % rule.every !== 0) continue;
      tally.runs += 1;
      const requests = untilAborted(rule, scenario, hour);
      if (requests !== null) tally.requests.push(requests);
    }
  }
  return tallies;
}

/** Canary requests from the beginning of the harm to the abort; null where there is none, or one before the harm. */
function untilAborted(rule: Rule, scenario: Scenario, hour: readonly Window[]): number | null {
  const look = rule.start(scenario);
  const seen: Window[] = [];
  let requests = 0;
  for (const [minute, window] of hour.entries()) {
    seen.push(window);
    if (minute >= scenario.fromMinute) requests += window.canary.n;
    if (look(seen)) return minute < scenario.fromMinute ? null : requests;
  }
  return null;
}
