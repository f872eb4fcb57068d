import { InvalidArgumentError, Option } from "commander";
import type { Guard } from "../../analysis/harm.ts";
import { DEFAULTS } from "../../config/defaults.ts";
import type { Group, Run } from "../command.ts";
import { say, tell } from "../context.ts";
import { EXIT } from "../exit.ts";
import { judgedLines } from "../format/judged.ts";
import { line } from "../io.ts";
import { readRecording } from "../recording.ts";
import { type Judged, NO_REPLAY, type ReplayRule, replay } from "../replay.ts";

type Options = {
  readonly plain?: boolean;
  readonly guard: Guard;
  readonly rho0: number;
  readonly delta: number;
  readonly rho1: number;
  readonly delta1: number;
  readonly alpha: number;
  readonly beta: number;
  readonly margin: number;
};

const { compare } = DEFAULTS;

const HELP = `
FILE holds a window a line, in JSON; - reads stdin:
  { "t": 60, "canary": { "n": 100, "x": 1 }, "stable": { "n": 1900, "x": 19 } }
t is the window's time in seconds, n counts requests and x those that failed. With "step" (a number or a name) in a line, health
is shown anew at each step, as in a rollout. Latencies go into both arms: "latencies": [12.5, 80, ...] in milliseconds, or "buckets":
{ "100": 40, "250": 90, "+Inf": 100 }, cumulative. A gauge: "gauge": 512 in the canary, "gauge": { "a": 498, "b": 505 } in stable,
with a line every two minutes. "part": true marks a window that was not full when an outage was decided on, as events --export writes it.
With -o json each window is a line, and the logarithms in it are natural.`;

/** `judge`: what the comparison says of recorded counts; needs no controller and no configuration. */
export const judgeCommands: Group = (program, bind) => {
  program
    .command("judge")
    .argument("<file>", "recorded windows as JSON lines, - for stdin")
    .description("judge recorded counts window by window, also by other rules")
    .option("--plain", "without the guards against bursts")
    .addOption(new Option("--guard <kind>", "the guard against bursts").choices(["scatter", "bursts"]).default("scatter"))
    .option("--rho0 <ratio>", "failures that are allowed, as a multiple of stable's", above0, compare.rho)
    .option("--delta <rate>", "and on top of that, of all requests: 0.001 or 0.1%", rate, compare.delta)
    .option("--rho1 <ratio>", "failures that would be harmful, as a multiple of stable's", above0, compare.harmfulRho)
    .option("--delta1 <rate>", "and on top of that, of all requests", rate, compare.harmfulDelta)
    .option("--alpha <chance>", "how often a good release may be reverted", chance, compare.alpha)
    .option("--beta <chance>", "how often a harmful one may advance", chance, compare.beta)
    .option("--margin <part>", "how much slower is allowed: 0.1 or 10%", margin, compare.margin)
    .addHelpText("after", HELP)
    .action(bind(judge));
};

const judge: Run<Options> = async (context, [file = "-"], options) => {
  const rule = ruleOf(options);
  const { allowed, harmful } = rule.failures;
  if (harmful.rho < allowed.rho || harmful.delta < allowed.delta) {
    say(context, "note: what is harmful (--rho1, --delta1) is less than what is allowed (--rho0, --delta)");
  }
  const all: Judged[] = [];
  let state = NO_REPLAY;
  for await (const recorded of readRecording(context.io, file)) {
    const [next, judged] = replay(state, rule, recorded);
    state = next;
    if (context.flags.output === "json") line(context.io.stdout, JSON.stringify(told(judged)));
    else all.push(judged);
  }
  if (context.flags.output === "json") return EXIT.reached;
  const lines = () => judgedLines(all, rule, context.out);
  await tell(context, { json: all.map(told), names: all.map(({ is }) => is), lines });
  return EXIT.reached;
};

function ruleOf(options: Options): ReplayRule {
  const { alpha, beta, margin } = options;
  return {
    failures: {
      allowed: { rho: options.rho0, delta: options.delta },
      harmful: { rho: options.rho1, delta: options.delta1 },
      alpha,
      beta,
      guard: options.guard,
    },
    latency: { margin, alpha, minRequests: compare.minRequests },
    plain: options.plain === true,
  };
}

/** One line of `-o json`; `logSlower` and `logGauge` only where the recording has what they are of. */
function told({ recorded, is, failures, logSlower, logGauge }: Judged) {
  const { logHarm, logHealthy, dispersion } = failures;
  return {
    t: recorded.t,
    logHarm,
    logHealthy,
    dispersion,
    verdict: is,
    ...(logSlower === null ? {} : { logSlower }),
    ...(logGauge === null ? {} : { logGauge }),
  };
}

function above0(text: string): number {
  const value = number(text);
  if (!(value > 0)) throw new InvalidArgumentError("write a number above 0, such as 1.1.");
  return value;
}

function margin(text: string): number {
  const value = part(text);
  if (!(value >= 0)) throw new InvalidArgumentError("write how much slower, such as 0.1 or 10%.");
  return value;
}

function rate(text: string): number {
  const value = part(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError("write a part of all requests, such as 0.005 or 0.5%.");
  return value;
}

function chance(text: string): number {
  const value = number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("write a number between 0 and 1, such as 0.01.");
  return value;
}

/** `0.1` or `10%`; NaN for anything else. */
function part(text: string): number {
  return text.trim().endsWith("%") ? number(text.trim().slice(0, -1)) / 100 : number(text);
}

/** NaN where the text is no decimal number: `Number` alone takes "", "0x1" and blanks. */
function number(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
}
