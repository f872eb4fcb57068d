import type { Command } from "../core/rollout.ts";
import type { Ms } from "../core/units.ts";
import type { RolloutView } from "../core/view.ts";
import { percent } from "./format/units.ts";
import { waitsForAdvance } from "./outcome.ts";

/** What a key does to the rollout that is watched. */
export type Action = {
  readonly key: string;
  readonly word: string;
  /** What it brings about, where it moves traffic: such a key is pressed twice. */
  readonly effect: string | null;
  readonly command: Command;
};

/** The keys that mean something for a rollout now. */
export function actionsFor(rollout: RolloutView): readonly Action[] {
  const { phase, rolling } = rollout;
  const forward = phase === "applying" || phase === "observing" || phase === "waiting";
  const failing = rolling?.failing ?? null;
  return [
    ...(forward && failing === null && (phase !== "waiting" || waitsForAdvance(rollout)) ? nextStep(rollout) : []),
    ...(rolling === null && (forward || phase === "paused") ? [promote(rollout)] : []),
    ...(forward ? [{ key: "u", word: "pause", effect: null, command: { verb: "pause" } } as const] : []),
    ...(phase === "paused" ? [{ key: "u", word: "resume", effect: null, command: { verb: "resume" } } as const] : []),
    ...(phase === "failed" || failing !== null
      ? [{ key: "r", word: "retry", effect: "try again what failed", command: { verb: "retry" } } as const]
      : []),
    ...(failing === null ? [] : aboutMember(failing.members)),
    ...(forward || phase === "paused" || phase === "failed" ? [abort(rollout)] : []),
  ];
}

/** Names the step that is left, so that it never skips one that nobody has seen. */
function nextStep(rollout: RolloutView): Action[] {
  const step = rollout.steps[rollout.step];
  const next = rollout.steps[rollout.step + 1];
  const word = step?.until === "approval" && rollout.phase === "waiting" ? "approve" : "next";
  const share = next === undefined ? "end the last step" : `go on to step ${rollout.step + 2}`;
  const to = next === undefined || rollout.rolling !== null ? "" : ` (${percent(next.shares[rollout.to] ?? 0)} to ${rollout.to})`;
  return [{ key: "n", word, effect: `${share}${to}`, command: { verb: "advance", step: rollout.step } }];
}

function promote(rollout: RolloutView): Action {
  const unproved = rollout.checks.filter(({ is }) => is !== "pass").map(({ name }) => name);
  const evidence = unproved.length === 0 ? "" : `, although these have not passed: ${unproved.join(", ")}`;
  return { key: "p", word: "promote", effect: `send 100% to ${rollout.to} now${evidence}`, command: { verb: "promote" } };
}

function abort({ rolling, from }: RolloutView): Action {
  const effect = rolling === null ? `send everything back to ${from}` : "stop, and give updated members their old version back";
  return { key: "a", word: "abort", effect, command: { verb: "abort" } };
}

function aboutMember([member]: readonly string[]): Action[] {
  if (member === undefined) return [];
  return [
    { key: "s", word: "skip", effect: `go on without updating ${member}`, command: { verb: "skip", member } },
    { key: "x", word: "exclude", effect: `go on without ${member}, out of nginx`, command: { verb: "exclude", member } },
  ];
}

/** What a key press comes to. */
export type Pressed =
  | { readonly is: "run"; readonly action: Action }
  | { readonly is: "ask"; readonly text: string }
  | { readonly is: "leave" }
  | { readonly is: "nothing" };

/** A first press that is not followed by a second one in this time is forgotten. */
const ARMED_MS = 5_000;

/** Ctrl-C, Ctrl-D: on a terminal that hands over single keys they are keys too. */
const LEAVE = new Set(["q", "\u0003", "\u0004"]);

/** Keeps an accidental key from moving traffic: what does is pressed twice, with its effect shown in between. */
export class KeyPad {
  readonly #sure: boolean;
  #armed: { readonly key: string; readonly rollout: string; readonly effect: string; readonly until: Ms } | null = null;

  /** `sure` takes every first press for both. */
  constructor(sure: boolean) {
    this.#sure = sure;
  }

  press(key: string, rollout: RolloutView | null, now: Ms): Pressed {
    const armed = this.#armed;
    this.#armed = null;
    if (LEAVE.has(key)) return { is: "leave" };
    const action = rollout === null ? undefined : actionsFor(rollout).find((one) => one.key === key);
    if (action === undefined || rollout === null) return { is: "nothing" };
    if (action.effect === null || this.#sure) return { is: "run", action };
    // The rollout may have moved since it was asked: then the effect is another one, and is shown anew.
    const same = armed?.key === key && armed.rollout === rollout.id && armed.effect === action.effect && now <= armed.until;
    if (same) return { is: "run", action };
    this.#armed = { key, rollout: rollout.id, effect: action.effect, until: now + ARMED_MS };
    return { is: "ask", text: `${action.word}: ${action.effect}? ${key} again to do it` };
  }
}
