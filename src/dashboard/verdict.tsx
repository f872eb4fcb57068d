import type { VerdictIs } from "../core/rollout.ts";
import type { CheckView } from "../core/view.ts";

const WORDS: Readonly<Record<VerdictIs, readonly [glyph: string, word: string]>> = {
  pass: ["✓", "pass"],
  fail: ["✕", "fail"],
  inconclusive: ["…", "not enough yet"],
  error: ["!", "no evidence"],
};

/** What a check says: a glyph and a word. */
export function Verdict({ is }: { readonly is: VerdictIs }) {
  const [glyph, word] = WORDS[is];
  return (
    <span class={`verdict ${is}`}>
      <span aria-hidden="true">{glyph}</span> {word}
    </span>
  );
}

/** How many checks say what. */
export function VerdictCounts({ checks }: { readonly checks: readonly CheckView[] }) {
  const kinds = (Object.keys(WORDS) as VerdictIs[]).map((is) => [is, checks.filter((check) => check.is === is).length] as const);
  return (
    <span class="verdicts">
      {kinds
        .filter(([, n]) => n > 0)
        .map(([is, n]) => (
          <span key={is} class={`verdict ${is}`} title={`${n} ${WORDS[is][1]}`}>
            <span aria-hidden="true">{WORDS[is][0]}</span> {n} <span class="unseen">{WORDS[is][1]}</span>
          </span>
        ))}
    </span>
  );
}
