import { expect, test } from "vitest";
import { problemsOf, withWeb } from "../support/sluice-yaml.ts";

const SHARE = "it must be a percentage above 0% and up to 100%, no finer than 0.01%, such as 5% or 0.25%";
const ACTION =
  "a step is exactly one of { share, for }, { share, until: evidence }, { share, until: approved } or { ramp, over }";
const METRICS =
  "    metrics: { errors: { source: scrape, window: 30s, ratio: { of: e, to: r } }, p95: { source: scrape, quantile: 0.95, of: h } }\n";

test.each<[what: string, text: string, ...expected: string[]]>([
  [
    "a check of no metric",
    withWeb(`${METRICS}    blueGreen: { checks: [{ metric: eror, below: 2% }] }\n`),
    'sluice.yaml:8:37 services.web.blueGreen.checks[0].metric: "eror" is not a metric of web; did you mean "errors"? allowed: errors, p95',
  ],
  [
    "a check where there are no metrics",
    withWeb("    blueGreen: { checks: [{ metric: errors, below: 2% }] }\n"),
    'sluice.yaml:7:37 services.web.blueGreen.checks[0].metric: "errors" is not a metric of web; there are no metrics; add one under services.web.metrics',
  ],
  [
    "a check without a rule",
    withWeb(`${METRICS}    blueGreen: { checks: [{ metric: errors }] }\n`),
    "sluice.yaml:8:27 services.web.blueGreen.checks[0]: says neither above nor below; a check has exactly one of the two",
  ],
  [
    "a switch that compares",
    withWeb(`${METRICS}    blueGreen: { checks: [{ metric: errors, compare: stable, below: 1% }] }\n`),
    "sluice.yaml:8:45 services.web.blueGreen.checks[0].compare: is not a key of a check; allowed: name, metric, above, below, minRequests",
  ],
  [
    "a check of two rules",
    withWeb(
      `${METRICS}    canary: { steps: [{ share: 10%, for: 1m }], checks: [{ metric: errors, compare: stable, below: 1% }] }\n`,
    ),
    "sluice.yaml:8:58 services.web.canary.checks[0]: says below and compare; a check has exactly one of above, below and compare",
  ],
  [
    "a check of no rule",
    withWeb(`${METRICS}    canary: { steps: [{ share: 10%, for: 1m }], checks: [{ metric: errors }] }\n`),
    "sluice.yaml:8:58 services.web.canary.checks[0]: says none of above, below and compare; a check has exactly one of above, below and compare",
  ],
  [
    "a margin of a fixed bound",
    withWeb(`${METRICS}    canary: { steps: [{ share: 10%, for: 1m }], checks: [{ metric: errors, below: 1%, margin: 10% }] }\n`),
    "sluice.yaml:8:58 services.web.canary.checks[0]: says margin, which goes with compare: stable, not with below",
  ],
  [
    "a comparison with another pool",
    withWeb(`${METRICS}    canary: { steps: [{ share: 10%, for: 1m }], checks: [{ metric: errors, compare: green }] }\n`),
    'sluice.yaml:8:85 services.web.canary.checks[0].compare: "green" is not allowed; it must be stable',
  ],
  [
    "a chance that is certain",
    withWeb(
      `${METRICS}    canary: { steps: [{ share: 10%, for: 1m }], checks: [{ metric: errors, compare: stable, alpha: 1 }] }\n`,
    ),
    "sluice.yaml:8:100 services.web.canary.checks[0].alpha: 1 is not allowed; it must be above 0 and at most 50%, as a percentage such as 1%, or a number such as 0.01",
  ],
  [
    "harm that is allowed",
    withWeb(
      `${METRICS}    canary: { steps: [{ share: 10%, for: 1m }], checks: [{ metric: errors, compare: stable, harmful: { ratio: 1, delta: 0% } }] }\n`,
    ),
    "sluice.yaml:8:102 services.web.canary.checks[0].harmful: 1 times the failures of stable would be harmful, and 1.1 times are allowed by margin; it must be more, or have a delta above 0",
  ],
  [
    "a comparison of a number that comes ready",
    withWeb(
      `${METRICS.replace("{ errors", "{ up: { source: prometheus, url: http://p:9090, query: up }, errors")}    canary: { steps: [{ share: 10%, for: 1m }], checks: [{ metric: up, compare: stable }] }\n`,
    ),
    "sluice.yaml:8:81 services.web.canary.checks[0].compare: up comes ready from prometheus, which cannot be compared; compare: stable takes the sources nginx and scrape, and others take above or below",
  ],
  [
    "harm that no latency can be shown to be free of",
    withWeb(`${METRICS}    canary: { steps: [{ share: 10%, for: 1m }], checks: [{ metric: p95, compare: stable, beta: 5% }] }\n`),
    "sluice.yaml:8:96 services.web.canary.checks[0].beta: has no effect: only of failures and of a rate can it be shown that they are not harmful; remove it",
  ],
  [
    "a step at 100 % that nothing can judge",
    withWeb(
      `${METRICS}    canary: { steps: [{ share: 10%, for: 1m }, { share: 100%, for: 1m }], checks: [{ metric: errors, compare: stable }] }\n`,
    ),
    "sluice.yaml:8:48 services.web.canary.steps[1]: has all the traffic on the candidate, and leaves errors nothing to compare with; say needs: [], or add a check with above or below",
  ],
  [
    "a ramp to 100 % that needs a comparison",
    withWeb(
      `${METRICS}    canary: { steps: [{ ramp: 100%, over: 1m, needs: [errors] }], checks: [{ metric: errors, compare: stable }] }\n`,
    ),
    "sluice.yaml:8:55 services.web.canary.steps[0].needs[0]: has all the traffic on the candidate, and leaves errors nothing to compare with; it must name checks with above or below, or be []",
  ],
  [
    "a step that needs an advisory check",
    withWeb(
      `${METRICS}    canary: { steps: [{ share: 10%, for: 1m, needs: [errors] }], checks: [{ metric: errors, compare: stable, level: advisory }] }\n`,
    ),
    "sluice.yaml:8:54 services.web.canary.steps[0].needs[0]: errors is advisory, and holds no step; remove it here, or its level",
  ],
  [
    "a bake that nothing can judge",
    withWeb(
      `${METRICS}    canary: { steps: [{ share: 10%, for: 1m }], checks: [{ metric: errors, compare: stable }], bake: 1m }\n`,
    ),
    "sluice.yaml:8:102 services.web.canary.bake: has all the traffic on the candidate, and leaves errors nothing to compare with; it must be 0s, or there must be a check with above or below",
  ],
  [
    "one chance for comparisons that are not there",
    withWeb(`${METRICS}    canary: { steps: [{ share: 10%, for: 1m }], alpha: 5%, checks: [{ metric: errors, below: 1% }] }\n`),
    "sluice.yaml:8:49 services.web.canary.alpha: has no effect: there is no check with compare: stable; remove it",
  ],
  [
    "one chance for all comparisons, and another",
    withWeb(
      `${METRICS}    canary: { steps: [{ share: 10%, for: 1m }], alpha: 5%, checks: [{ metric: errors, compare: stable, alpha: 1% }] }\n`,
    ),
    "sluice.yaml:8:111 services.web.canary.checks[0].alpha: is shared by all comparisons under canary.alpha; remove one of the two",
  ],
  [
    "a step until evidence without a check",
    withWeb(`${METRICS}    canary: { steps: [{ share: 10%, until: evidence }] }\n`),
    "sluice.yaml:8:44 services.web.canary.steps[0].until: waits for evidence, and needs no check that could give it; add a check, or say for: instead",
  ],
  [
    "a step until evidence that needs none",
    withWeb(
      `${METRICS}    canary: { steps: [{ share: 10%, until: evidence, needs: [] }], checks: [{ metric: errors, below: 1% }] }\n`,
    ),
    "sluice.yaml:8:44 services.web.canary.steps[0].until: waits for evidence, and needs no check that could give it; add a check, or say for: instead",
  ],
  [
    "a step until evidence whose check is advisory",
    withWeb(
      `${METRICS}    canary: { steps: [{ share: 10%, until: evidence }], checks: [{ metric: errors, compare: stable, level: advisory }] }\n`,
    ),
    "sluice.yaml:8:44 services.web.canary.steps[0].until: waits for evidence, and needs no check that could give it; add a check, or say for: instead",
  ],
  [
    "a step until evidence with a least time below the window, which is right",
    withWeb(
      `${METRICS}    canary: { steps: [{ share: 10%, until: evidence, for: 1s }], checks: [{ metric: errors, below: 1% }] }\n`,
    ),
  ],
  [
    "an approval with a time",
    withWeb("    canary: { steps: [{ share: 10%, until: approved, for: 1m }] }\n"),
    `sluice.yaml:7:23 services.web.canary.steps[0]: has share + for + until, which is not one action; ${ACTION}`,
  ],
  [
    "two checks of one name",
    withWeb(`${METRICS}    blueGreen: { checks: [{ metric: errors, below: 2% }, { metric: errors, above: 0% }] }\n`),
    "sluice.yaml:8:58 services.web.blueGreen.checks[1]: is the second check called errors; give it a name: of its own",
  ],
  [
    "a percentage of seconds",
    withWeb(`${METRICS}    blueGreen: { checks: [{ metric: p95, below: 2% }] }\n`),
    "sluice.yaml:8:49 services.web.blueGreen.checks[0].below: is a percentage, and p95 is a quantile; it must be a number in the unit of the histogram, such as 0.3",
  ],
  [
    "a ratio of two",
    withWeb(`${METRICS}    blueGreen: { checks: [{ metric: errors, below: 2 }] }\n`),
    "sluice.yaml:8:52 services.web.blueGreen.checks[0].below: 2 would be 200% of errors, which is a ratio; it must be a percentage such as 2%, or a number up to 1",
  ],
  [
    "a bake below the window (rule 7)",
    withWeb(`${METRICS}    blueGreen: { bake: 5s, checks: [{ metric: errors, below: 2% }] }\n`),
    "sluice.yaml:8:24 services.web.blueGreen.bake: bake 5s is shorter than the window of the check errors (30s), which could never pass; it must be at least 30s",
  ],
  [
    "no steps",
    withWeb("    canary: { steps: [] }\n"),
    `sluice.yaml:7:22 services.web.canary.steps: an empty list is not allowed; it must be a list of at least one step, each ${ACTION.slice(25)}`,
  ],
  [
    "a step without an action",
    withWeb("    canary: { steps: [{ needs: [] }] }\n"),
    `sluice.yaml:7:23 services.web.canary.steps[0]: has no action; ${ACTION}`,
  ],
  [
    "a step with half an action",
    withWeb("    canary: { steps: [{ share: 5% }] }\n"),
    `sluice.yaml:7:23 services.web.canary.steps[0]: has share, which is not one action; ${ACTION}`,
  ],
  [
    "a step with two actions",
    withWeb("    canary: { steps: [{ share: 5%, for: 5m, ramp: 10%, over: 1m }] }\n"),
    `sluice.yaml:7:23 services.web.canary.steps[0]: has share + for + ramp + over, which is not one action; ${ACTION}`,
  ],
  [
    "a share too fine",
    withWeb("    canary: { steps: [{ share: 0.001%, for: 5m }] }\n"),
    `sluice.yaml:7:32 services.web.canary.steps[0].share: "0.001%" is not allowed; ${SHARE}`,
  ],
  [
    "a share of nothing",
    withWeb("    canary: { steps: [{ share: 0%, for: 5m }] }\n"),
    `sluice.yaml:7:32 services.web.canary.steps[0].share: "0%" is not allowed; ${SHARE}`,
  ],
  [
    "a share as a number",
    withWeb("    canary: { steps: [{ share: 5, for: 5m }] }\n"),
    `sluice.yaml:7:32 services.web.canary.steps[0].share: 5 is not allowed; ${SHARE}`,
  ],
  [
    "shares that fall",
    withWeb("    canary: { steps: [{ share: 50%, for: 5m }, { share: 25%, for: 5m }] }\n"),
    "sluice.yaml:7:57 services.web.canary.steps[1].share: 25% is less than the 50% of the step before; it must be at least 50%",
  ],
  [
    "a ramp to where it starts",
    withWeb("    canary: { steps: [{ share: 50%, for: 5m }, { ramp: 50%, over: 5m }] }\n"),
    "sluice.yaml:7:56 services.web.canary.steps[1].ramp: 50% is not more than the 50% of the step before; it must be above 50%",
  ],
  [
    "a step after 100%",
    withWeb("    canary: { steps: [{ share: 100%, for: 5m }, { ramp: 100%, over: 5m }] }\n"),
    "sluice.yaml:7:57 services.web.canary.steps[1].ramp: 100% is not more than the 100% of the step before; nothing is above 100%, so remove this step",
  ],
  [
    "a dwell below the window (rule 7)",
    withWeb(`${METRICS}    canary: { steps: [{ share: 5%, for: 20s }], checks: [{ metric: errors, below: 2% }] }\n`),
    "sluice.yaml:8:41 services.web.canary.steps[0].for: for 20s is shorter than the window of the check errors (30s), which could never pass; it must be at least 30s",
  ],
  [
    "a ramp below the window (rule 7)",
    withWeb(`${METRICS}    canary: { steps: [{ ramp: 5%, over: 20s }], checks: [{ metric: errors, below: 2% }] }\n`),
    "sluice.yaml:8:41 services.web.canary.steps[0].over: over 20s is shorter than the window of the check errors (30s), which could never pass; it must be at least 30s",
  ],
  [
    "a canary's bake below the window (rule 7)",
    withWeb(`${METRICS}    canary: { steps: [{ share: 5%, for: 1m }], bake: 5s, checks: [{ metric: errors, below: 2% }] }\n`),
    "sluice.yaml:8:54 services.web.canary.bake: bake 5s is shorter than the window of the check errors (30s), which could never pass; it must be at least 30s",
  ],
  [
    "no bake at all, which is right",
    withWeb(`${METRICS}    canary: { steps: [{ share: 5%, for: 1m }], bake: 0s, checks: [{ metric: errors, below: 2% }] }\n`),
  ],
  [
    "a need of no check",
    withWeb(
      `${METRICS}    canary: { steps: [{ share: 5%, for: 20s, needs: [eror] }], checks: [{ metric: errors, below: 2% }] }\n`,
    ),
    'sluice.yaml:8:54 services.web.canary.steps[0].needs[0]: "eror" is not a check of this canary; did you mean "errors"? allowed: errors',
  ],
])("%s", (_what, text, ...expected) => {
  expect(problemsOf(text)).toEqual(expected);
});
