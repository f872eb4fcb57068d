import { InvalidArgumentError } from "commander";
import {
  beginStep,
  type Comparison,
  type ComparisonRule,
  NO_COMPARISON,
  observeScrape,
  observeWindow,
} from "../../analysis/comparison.ts";
import { isComparable } from "../../analysis/counts.ts";
import { type Decision, decide } from "../../analysis/decision.ts";
import { betPlain, HARM_GRID, logGains, logOfPlain, type Plain, startPlain } from "../../analysis/ratio.ts";
import { DEFAULTS } from "../../config/defaults.ts";
import type { Group, Run } from "../command.ts";
import { say, tell } from "../context.ts";
import { EXIT } from "../exit.ts";
import { type Judged, judgedLines } from "../format/judged.ts";
import { line } from "../io.ts";
import { readRecording } from "../recording.ts";

type Options = {
  readonly plain?: boolean;
  readonly rho0: number;
  readonly delta: number;
  readonly rho1: number;
  readonly delta1: number;
  readonly alpha: number;
  readonly beta: number;
};

const { compare } = DEFAULTS;

const HELP = `
FILE holds a window a line, in JSON; - reads stdin:
  { "t": 60, "canary": { "n": 100, "x": 1 }, "stable": { "n": 1900, "x": 19 } }
t is the window's time in seconds, n counts requests and x those that failed. With "step" (a number or a name) in a line, health
is shown anew at each step, as in a rollout. With -o json each window is a line: logHarm and logHealthy are natural logarithms.`;

/** `judge`: what the comparison says of recorded counts; needs no controller and no configuration. */
export const judgeCommands: Group = (program, bind) => {
  program
    .command("judge")
    .argument("<file>", "recorded windows as JSON lines, - for stdin")
    .description("judge recorded counts window by window, also by other rules")
    .option("--plain", "without the guards against bursts")
    .option("--rho0 <ratio>", "failures that are allowed, as a multiple of stable's", above0, compare.rho)
    .option("--delta <rate>", "and on top of that, of all requests: 0.001 or 0.1%", rate, compare.delta)
    .option("--rho1 <ratio>", "failures that would be harmful, as a multiple of stable's", above0, compare.harmfulRho)
    .option("--delta1 <rate>", "and on top of that, of all requests", rate, compare.harmfulDelta)
    .option("--alpha <chance>", "how often a good release may be reverted", chance, compare.alpha)
    .option("--beta <chance>", "how often a harmful one may advance", chance, compare.beta)
    .addHelpText("after", HELP)
    .action(bind(judge));
};

const judge: Run<Options> = async (context, [file = "-"], options) => {
  const rule: ComparisonRule = {
    allowed: { rho: options.rho0, delta: options.delta },
    harmful: { rho: options.rho1, delta: options.delta1 },
    alpha: options.alpha,
    beta: options.beta,
  };
  if (rule.harmful.rho < rule.allowed.rho || rule.harmful.delta < rule.allowed.delta) {
    say(context, "note: what is harmful (--rho1, --delta1) is less than what is allowed (--rho0, --delta)");
  }
  const judged: Judged[] = [];
  let state: Comparison = NO_COMPARISON;
  let plain: Plain = startPlain(HARM_GRID.length);
  let step: string | null = null;
  for await (const recorded of readRecording(context.io, file)) {
    const { t, window } = recorded;
    if (recorded.step !== step && judged.length > 0) state = beginStep(state);
    step = recorded.step;
    // How long a window lasted is not recorded, and nothing depends on it.
    state = observeWindow(observeScrape(state, rule, window, 0), rule, window, 0);
    if (isComparable(window)) plain = betPlain(plain, logGains(rule.allowed, HARM_GRID, window));
    const decision = decide(state, rule, options.plain === true ? (logOfPlain(plain) ?? 0) : undefined);
    judged.push({ t, step, window, decision });
    if (context.flags.output === "json") line(context.io.stdout, JSON.stringify(told(t, decision)));
  }
  if (context.flags.output === "json") return EXIT.reached;
  const names = judged.map(({ decision }) => decision.is);
  const json = judged.map(({ t, decision }) => told(t, decision));
  await tell(context, { json, names, lines: () => judgedLines(judged, context.out) });
  return EXIT.reached;
};

function told(t: number, { logHarm, logHealthy, dispersion, is }: Decision) {
  return { t, logHarm, logHealthy, dispersion, verdict: is };
}

function above0(text: string): number {
  const value = number(text);
  if (!(value > 0)) throw new InvalidArgumentError("write a number above 0, such as 1.1.");
  return value;
}

function rate(text: string): number {
  const value = text.trim().endsWith("%") ? number(text.trim().slice(0, -1)) / 100 : number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError("write a part of all requests, such as 0.005 or 0.5%.");
  return value;
}

function chance(text: string): number {
  const value = number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("write a number between 0 and 1, such as 0.01.");
  return value;
}

/** NaN where the text is no decimal number: `Number` alone takes "", "0x1" and blanks. */
function number(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
}
