import type { PhaseName } from "../core/rollout.ts";
import type { RolloutView } from "../core/view.ts";

type Tone = "good" | "bad" | "warn" | "busy" | "quiet";

const PHASES: Readonly<Record<PhaseName, readonly [word: string, tone: Tone, glyph: string]>> = {
  applying: ["applying", "busy", "◌"],
  observing: ["observing", "busy", "◉"],
  waiting: ["waiting", "warn", "◷"],
  paused: ["paused", "warn", "Ⅱ"],
  reverting: ["going back", "bad", "↩"],
  promoted: ["promoted", "good", "✓"],
  reverted: ["reverted", "quiet", "↩"],
  failed: ["failed", "bad", "✕"],
};

/** Where a rollout is: a word and a glyph, so that no meaning is in the colour alone. */
export function Phase({ rollout }: { readonly rollout: RolloutView | null }) {
  const [word, tone, glyph] = rollout === null ? (["stable", "quiet", "–"] as const) : PHASES[rollout.phase];
  return (
    <span class={`phase ${tone}`} data-phase={rollout?.phase ?? "none"}>
      <span aria-hidden="true">{glyph}</span> {word}
    </span>
  );
}
