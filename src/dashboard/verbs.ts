import type { PhaseName } from "../core/rollout.ts";
import type { RolloutView, ServiceView } from "../core/view.ts";
import { percentOfBp } from "./figures.ts";

export type Verb = "advance" | "promote" | "pause" | "resume" | "abort" | "retry" | "undo" | "start";

/** A button: what it will do, and why it cannot be used now (null where it can). */
export type Offer = {
  readonly verb: Verb;
  readonly label: string;
  readonly does: string;
  readonly blocked: string | null;
  /** The question to ask first, where what it does cannot be taken back; null where it can. */
  readonly confirm: string | null;
};

/** What this page may do now. */
export type May = {
  /** The token has the scope `operate`. */
  readonly operate: boolean;
  /** What is shown is true now. */
  readonly live: boolean;
};

const OVER: readonly PhaseName[] = ["promoted", "reverted"];

/** True where a rollout holds the service. */
export function isUnderWay(rollout: RolloutView | null): rollout is RolloutView {
  return rollout !== null && !OVER.includes(rollout.phase);
}

/** Why nothing at all can be done from this page; null where it can. */
export function barrier({ operate, live }: May): string | null {
  if (!live) return "What is shown may be old: actions are off until the controller answers again.";
  return operate ? null : "Your token may only read.";
}

/** The buttons of a service, in the order in which they are shown. `before` is what was stable before, in words, or null. */
export function offersFor(service: ServiceView, may: May, before: string | null): readonly Offer[] {
  const { rollout } = service;
  const closed = barrier(may);
  const offer = (made: Offer): Offer => ({ ...made, blocked: closed ?? made.blocked });
  if (!isUnderWay(rollout)) return [start(service), ...(rollout === null ? [] : afterwards(rollout)), undo(before)].map(offer);
  if (rollout.phase === "failed") return [retry(rollout), abort(rollout)].map(offer);
  // Members that failed: a person decides about each of them, or tries them again.
  if (rollout.rolling?.failing != null) return [retry(rollout), pause(rollout), abort(rollout)].map(offer);
  const pausing = rollout.phase === "paused" ? resume(rollout) : pause(rollout);
  return [advance(rollout), promote(service, rollout), pausing, abort(rollout)].map(offer);
}

function start({ stable }: ServiceView): Offer {
  const does = `Choose what to bring, and see what it would do before it does it. ${stable} keeps the traffic until then.`;
  return { verb: "start", label: "Start a rollout…", does, blocked: null, confirm: null };
}

function undo(before: string | null): Offer {
  const blocked = before === null ? "Nothing else was stable before that could be gone back to." : null;
  const does = `Brings back what was stable before${before === null ? "" : `: ${before}`}, by a new rollout.`;
  const confirm = `${does} Where all of its members are ready, all traffic goes there at once, without checks.`;
  return { verb: "undo", label: "Undo…", does, blocked, confirm };
}

/** A reverted rollout is tried again as a new one. */
function afterwards(rollout: RolloutView): readonly Offer[] {
  if (rollout.phase !== "reverted") return [];
  const does = `Starts ${describe(rollout)} anew, from its first step.`;
  return [{ verb: "retry", label: "Try again", does, blocked: null, confirm: `${does} Has the release been mended?` }];
}

function describe({ strategy, version, to }: RolloutView): string {
  return `the ${strategy} of ${version ?? to}`;
}

function retry(rollout: RolloutView): Offer {
  // In place it is the way back that failed, and is gone on with.
  const turned = rollout.rolling === null ? rollout.steps.find(({ state }) => state === "stopped") : undefined;
  const step = turned ?? rollout.steps[rollout.step];
  if (rollout.rolling?.failing != null)
    return { verb: "retry", label: "Retry", does: "Tries the members that failed again.", blocked: null, confirm: null };
  const does = `Goes on from the step that failed${step === undefined ? "" : `, ${step.label}`}, judged by new evidence alone.`;
  return { verb: "retry", label: "Retry", does, blocked: null, confirm: null };
}

/** One click, in every phase that has something to take back, and never a question. */
function abort(rollout: RolloutView): Offer {
  const blocked = rollout.phase === "reverting" ? "It is going back already." : null;
  const does =
    rollout.strategy === "rolling"
      ? "Touches nothing new from now on, and gives updated members their old version back."
      : `Sends all traffic back to ${rollout.from} now, without a question.`;
  return { verb: "abort", label: "Abort", does, blocked, confirm: null };
}

function advance(rollout: RolloutView): Offer {
  const next = rollout.steps[rollout.step + 1];
  const on = next === undefined ? "ends the rollout: it is promoted" : `goes on with “${next.label}”`;
  const [label, does] = words(rollout, on);
  return { verb: "advance", label, does, blocked: stopped(rollout) ?? unserved(rollout), confirm: null };
}

function words({ phase, hold, steps, step }: RolloutView, on: string): readonly [label: string, does: string] {
  if (hold !== null) return ["Go on anyway", `Ends the hold (${hold.reason}) and ${on}.`];
  if (phase === "waiting" && steps[step]?.until === "approval") return ["Approve", `Approves this step in your name, and ${on}.`];
  return ["Advance", `Ends this step now, without the rest of its time or evidence, and ${on}.`];
}

function promote({ stable, wanted }: ServiceView, rollout: RolloutView): Offer {
  const { to, steps, step } = rollout;
  const skipped = steps.length - 1 - step;
  const left = skipped > 0 ? `, and skips ${skipped === 1 ? "the step that is" : `the ${skipped} steps that are`} left` : "";
  const does = `Sends 100\u202f% to ${to} now${left}, without further evidence.`;
  const confirm = `${does} It has ${percentOfBp(wanted.shares[to] ?? 0)} now. Once it is promoted, ${to} is what is stable, and no abort leads back to ${stable}.`;
  return { verb: "promote", label: "Promote", does, blocked: stopped(rollout), confirm };
}

function pause(rollout: RolloutView): Offer {
  const does =
    "Stops the clock of this step and every further step. The shares stay as they are; a failing check still goes back.";
  return {
    verb: "pause",
    label: "Pause",
    does,
    blocked: rollout.phase === "reverting" ? "It is going back." : null,
    confirm: null,
  };
}

function resume(rollout: RolloutView): Offer {
  return { verb: "resume", label: "Resume", does: `Goes on where ${rollout.id} was paused.`, blocked: null, confirm: null };
}

/** Why a rollout cannot be told to go on, whatever else is right. */
function stopped({ phase }: RolloutView): string | null {
  if (phase === "paused") return "It is paused: resume it first.";
  return phase === "reverting" ? "It is going back: nothing leads forward from here." : null;
}

function unserved({ phase }: RolloutView): string | null {
  return phase === "applying" ? "nginx does not serve this step yet." : null;
}
