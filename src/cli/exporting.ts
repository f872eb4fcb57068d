import { DEFAULTS } from "../config/defaults.ts";
import type { ExplainedCheck, ExplanationView, WindowView } from "../core/explained.ts";
import { EXIT } from "./exit.ts";
import { Failure } from "./failure.ts";

/** The windows of a comparison as `judge` reads them, and what has to be known to get the same verdicts from them. */
export type Export = { readonly lines: readonly string[]; readonly notes: readonly string[] };

/** Throws a `Failure` where the rollout has no comparison of failures with any window, or several and none is named. */
export function exportOf({ rollout, checks }: ExplanationView, name: string | null): Export {
  const { id, startedAt } = rollout;
  const check = chosen(id, checks, name);
  const began = Date.parse(startedAt);
  const compared = check.recorded.filter(isCompared);
  const lines = compared.map((window) => JSON.stringify(lineOf(window, began)));
  const alone = check.recorded.length - compared.length;
  const left = `${alone} windows with all the traffic on the candidate are left out: they were held against what was recorded of stable`;
  const lost = `${check.dropped} older windows are no longer kept, so that the evidence differs from what was decided by`;
  return { lines, notes: [...(check.dropped === 0 ? [] : [lost]), ...(alone === 0 ? [] : [left]), ...ruleNotes(check)] };
}

function chosen(id: string, checks: readonly ExplainedCheck[], name: string | null): ExplainedCheck {
  const found = checks.filter((check) => isReplayable(check) && (name === null || check.name === name));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const others = checks.filter(isReplayable).map((check) => check.name);
  if (found.length > 1)
    throw new Failure(EXIT.usage, `${id} compared failures by several checks`, {
      hint: `add --check ${others.join(", or --check ")}`,
    });
  const none = "only comparisons of failures can be replayed, and only once a window was full";
  const what = name === null ? `${id} has no recorded windows` : `${id} has no recorded windows of a check ${name}`;
  throw new Failure(EXIT.usage, what, { hint: others.length === 0 ? none : `those of ${others.join(", ")} are recorded` });
}

/** Failures of requests are whole numbers with evidence for the candidate; latencies, gauges and events in seconds are something else. */
function isReplayable({ recorded }: ExplainedCheck): boolean {
  const whole = ({ canary, stable }: WindowView) => [canary, stable].every(({ n, x }) => isCount(n) && isCount(x) && x <= n);
  const compared = recorded.filter(isCompared);
  return compared.length > 0 && compared.every((window) => window.slowMs === null && whole(window));
}

/** Both pools had traffic: only then is there evidence for the candidate. */
function isCompared({ logHealthy }: WindowView): boolean {
  return logHealthy !== null;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** `t` is the time in seconds since the rollout began. */
function lineOf({ at, entry, canary, stable, part }: WindowView, began: number) {
  return { t: (Date.parse(at) - began) / 1000, step: entry, canary, stable, ...(part ? { part } : {}) };
}

type Harmful = { readonly ratio: number; readonly delta: number };

/** The options with which `judge` has the check's own rule, where that is not the usual one. */
function ruleNotes({ rule }: ExplainedCheck): readonly string[] {
  const { compare } = DEFAULTS;
  const { margin, alpha, beta, harmful } = rule as { margin: number; alpha: number; beta: number; harmful: Harmful };
  const said: readonly (readonly [string, number, number])[] = [
    ["--rho0", 1 + margin, compare.rho],
    ["--rho1", harmful.ratio, compare.harmfulRho],
    ["--delta1", harmful.delta, compare.harmfulDelta],
    ["--alpha", alpha, compare.alpha],
    ["--beta", beta, compare.beta],
  ];
  const options = said.flatMap(([option, value, usual]) => (value === usual ? [] : `${option} ${value}`));
  return options.length === 0 ? [] : [`this check's own rule: sluice judge FILE ${options.join(" ")}`];
}
