import type { PhaseName, VerdictIs } from "../../core/rollout.ts";
import { never } from "../../core/units.ts";
import type { MemberView, RolloutView, StepView, TargetView } from "../../core/view.ts";
import { type GlyphName, glyph, type Style, type Tone } from "./style.ts";

/** A word that is never told by colour alone: glyph, word, and what colour they get. */
export type Mark = { readonly text: string; readonly tone: Tone };

export function phaseMark(style: Style, rollout: Pick<RolloutView, "phase" | "hold">): Mark {
  const held = rollout.hold === null ? "" : " (held)";
  return mark(style, phaseGlyph(rollout.phase, rollout.hold !== null), `${rollout.phase}${held}`);
}

export function verdictMark(style: Style, is: VerdictIs): Mark {
  const glyphs = { pass: "good", fail: "bad", inconclusive: "wait", error: "warn" } as const;
  return mark(style, glyphs[is], is);
}

export function healthMark(style: Style, health: MemberView["health"]): Mark {
  const glyphs = { ready: "good", down: "bad", unknown: "wait", kept: "warn" } as const;
  return mark(style, glyphs[health], health === "kept" ? "down, kept" : health);
}

export function targetMark(style: Style, state: TargetView["state"]): Mark {
  const glyphs = { applied: "good", applying: "busy", refused: "bad", blocked: "bad" } as const;
  return mark(style, glyphs[state], state);
}

export function stepMark(style: Style, state: StepView["state"]): Mark {
  const glyphs = { done: "good", now: "now", next: "next", skipped: "next", stopped: "bad" } as const;
  return mark(style, glyphs[state], state);
}

/** `step 3/6`, or nothing where the plan has no steps. */
export function stepOf(rollout: RolloutView): string {
  return rollout.steps.length === 0 ? "" : `step ${Math.min(rollout.step + 1, rollout.steps.length)}/${rollout.steps.length}`;
}

const TONES: Readonly<Partial<Record<GlyphName, Tone>>> = {
  good: "good",
  bad: "bad",
  warn: "warn",
  wait: "warn",
  busy: "accent",
  now: "accent",
  next: "dim",
};

function mark(style: Style, name: GlyphName, word: string): Mark {
  return { text: `${glyph(style, name)} ${word}`, tone: TONES[name] ?? "none" };
}

function phaseGlyph(phase: PhaseName, held: boolean): GlyphName {
  switch (phase) {
    case "applying":
    case "observing":
      return "busy";
    case "waiting":
      return held ? "warn" : "wait";
    case "paused":
      return "warn";
    case "reverting":
    case "failed":
    case "reverted":
      return "bad";
    case "promoted":
      return "good";
    default:
      return never(phase);
  }
}
