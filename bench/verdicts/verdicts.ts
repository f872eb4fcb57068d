import { BARE } from "../../src/cli/format/style.ts";
import { table } from "../../src/cli/format/table.ts";
import { type Effort, type Figure, figure, median, type Section } from "../figure.ts";
import { DETECTIONS, MOST_FALSE_ABORTS, WITHIN } from "./aims.ts";
import { ORACLE, RULES, SLUICE } from "./rules.ts";
import { BAD, BEYOND, HEALTHY, type Scenario } from "./scenario.ts";
import { percentileAborts, SLOWNESSES, slownessTallied } from "./slowness.ts";
import { type Tally, tallied } from "./tally.ts";

/** Any number would do; another one may be given to see that nothing hangs on it: `SLUICE_BENCH_SEED=7 npm run bench -- verdicts`. */
const SEED = 20_260_401;

const RUNS = {
  full: { verdicts: 10_000, latency: 2_000 },
  quick: { verdicts: 2_000, latency: 400 },
} as const;

/** An hour of one column, judged by every rule. */
type Column = { readonly scenario: Scenario; readonly tallies: readonly Tally[] };

/**
 * How often healthy canaries are aborted and bad ones found, by Sluice and by the rules of others, on the same simulated hours: Poisson arrivals, 5 % of
 * the traffic on the canary, one look a minute for an hour. Nothing is random but by the seed, so its aims are binding.
 */
export async function verdicts(effort: Effort): Promise<Section> {
  const seed = Number(process.env.SLUICE_BENCH_SEED ?? SEED);
  const runs = RUNS[effort];
  const columns = [...HEALTHY, ...BAD, ...BEYOND].map((scenario, stream) => ({
    scenario,
    tallies: tallied(scenario, seed, stream, runs.verdicts),
  }));
  const healthy = columns.slice(0, HEALTHY.length);
  const bad = columns.slice(HEALTHY.length, HEALTHY.length + BAD.length);
  const beyond = columns.slice(HEALTHY.length + BAD.length);
  const slow = SLOWNESSES.map(({ title }, stream) => ({
    title,
    requests: slownessTallied(SLOWNESSES[stream] ?? never(), seed, 100 + stream, runs.latency),
  }));
  return {
    id: "verdicts",
    title: `verdicts on simulated hours, seed ${seed}: ${runs.verdicts} for Sluice, ${runs.verdicts / 2} for others, ${runs.verdicts / 10} for Kayenta`,
    binding: true,
    figures: [
      ...healthy.map(falseAborts),
      ...bad.flatMap(({ scenario, tallies }) => detected(scenario.id, requestsOf(tallies), runs.verdicts)),
      ...slow
        .slice(0, 3)
        .map(({ title, requests }) =>
          figure(`latency, ${title}: aborted`, "%", [percent(requests.length, runs.latency)], { most: MOST_FALSE_ABORTS.steady }),
        ),
      ...slow.slice(3).flatMap(({ title, requests }) => detected(title, requests, runs.latency)),
    ],
    notes: [
      "Healthy canary, aborted within the hour, % (at 100 / at 1 000 canary requests a minute)",
      ...healthyTable(healthy),
      "",
      "Bad canary, detected % / median canary requests until then (100 a minute unless said)",
      ...badTable(bad),
      "",
      "Beyond the aims, at 1 000 canary requests a minute: aborted % / median canary requests until then",
      ...badTable(beyond),
      "",
      `Latency, healthy: bounds on the canary's p99 of each minute, at 1.25, 1.5 and 2 times the true one, abort ${percentiles(seed, runs.latency)} %`,
    ],
  };
}

function falseAborts({ scenario, tallies }: Column): Figure {
  const most = scenario.variation > 0 ? MOST_FALSE_ABORTS.bursty : MOST_FALSE_ABORTS.steady;
  const tally = ofSluice(tallies);
  return figure(`healthy, ${scenario.title}, ${scenario.canaryPerMinute}/min: aborted`, "%", [share(tally)], { most });
}

/** The rate of detection, and the median of the requests where that is aimed at. */
function detected(id: string, requests: readonly number[], runs: number): readonly Figure[] {
  const aim = DETECTIONS[id];
  if (aim === undefined) throw new Error(`${id} has no aim in aims.ts`);
  const found = figure(`bad, ${id}: detected`, "%", [percent(requests.length, runs)], { least: aim.percent - WITHIN.points });
  if (aim.requests === null || requests.length === 0) return [found];
  const most = Math.round(aim.requests * (1 + WITHIN.part) + chanceOf(requests, aim.behind ?? Number.POSITIVE_INFINITY));
  return [found, figure(`bad, ${id}: until then`, "requests", [median(requests)], { most })];
}

/**
 * How far apart two medians of few runs may lie by chance: two standard errors. Where thousands were found it is left out, so
 * that the aim is the figure itself.
 */
function chanceOf(requests: readonly number[], behind: number): number {
  if (requests.length >= 1_000 && behind >= 1_000) return 0;
  const mean = requests.reduce((sum, one) => sum + one, 0) / requests.length;
  const variance = requests.reduce((sum, one) => sum + (one - mean) ** 2, 0) / requests.length;
  return 2 * 1.2533 * Math.sqrt(variance * (1 / requests.length + 1 / behind));
}

function healthyTable(columns: readonly Column[]): readonly string[] {
  const titles = [...new Set(columns.map(({ scenario }) => scenario.title))];
  const rows = RULES.filter(({ name }) => name !== ORACLE).map(({ name }) => [
    name,
    ...titles.map((title) =>
      columns
        .filter(({ scenario }) => scenario.title === title)
        .map(({ tallies }) => short(share(tallyOf(tallies, name))))
        .join("/"),
    ),
  ]);
  return table([{ title: "rule" }, ...titles.map((title) => ({ title, align: "right" as const }))], rows, BARE);
}

function badTable(columns: readonly Column[]): readonly string[] {
  const rows = RULES.map(({ name }) => [
    name,
    ...columns.map(({ tallies }) => {
      const tally = tallyOf(tallies, name);
      return `${short(share(tally))}/${tally.requests.length === 0 ? "-" : Math.round(median(tally.requests))}`;
    }),
  ]);
  return table(
    [{ title: "rule" }, ...columns.map(({ scenario }) => ({ title: scenario.title, align: "right" as const }))],
    rows,
    BARE,
  );
}

function percentiles(seed: number, runs: number): string {
  return [1.25, 1.5, 2].map((over) => short(100 * percentileAborts(over, seed, runs))).join(", ");
}

function requestsOf(tallies: readonly Tally[]): readonly number[] {
  return ofSluice(tallies).requests;
}

function ofSluice(tallies: readonly Tally[]): Tally {
  return tallyOf(tallies, SLUICE);
}

function tallyOf(tallies: readonly Tally[], rule: string): Tally {
  return tallies.find((tally) => tally.rule === rule) ?? never();
}

function share({ requests, runs }: Tally): number {
  return percent(requests.length, runs);
}

function percent(part: number, whole: number): number {
  return (100 * part) / whole;
}

/** Two digits, and a decimal below ten. */
function short(value: number): string {
  return value === 0 || value >= 9.95 ? String(Math.round(value)) : value.toFixed(value < 0.1 ? 2 : 1);
}

function never(): never {
  throw new Error("a rule or a scenario went missing");
}
