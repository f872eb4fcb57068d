import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ExplanationView } from "../core/explained.ts";
import type { HookRunView } from "../core/view.ts";
import { ask } from "./api.ts";
import { clockTime } from "./figures.ts";
import { journal } from "./live.ts";

const RESULTS: Readonly<Record<HookRunView["is"], readonly [glyph: string, word: string, tone: string]>> = {
  running: ["◌", "runs", "tone busy"],
  succeeded: ["✓", "succeeded", "tone good"],
  failed: ["✕", "failed", "tone bad"],
};

/** What the hooks of a rollout came to, and the end of what they said; nothing where none has run. */
export function HookRuns({ rollout }: { readonly rollout: string }) {
  const runs = useSignal<readonly HookRunView[]>([]);
  const newest = journal.value.filter((event) => event.kind === "hook" && event.rollout === rollout).at(-1)?.seq ?? null;
  useEffect(() => {
    if (newest === null) return;
    const stop = new AbortController();
    ask<ExplanationView>(`/v1/rollouts/${encodeURIComponent(rollout)}/explanation`, { signal: stop.signal }).then(
      ({ hooks }) => (runs.value = hooks),
      // A connection that is lost is told of by what asks for the service itself.
      () => undefined,
    );
    return () => stop.abort();
  }, [rollout, newest]);
  if (runs.value.length === 0) return null;
  return (
    <section class="card" aria-label="Hooks">
      <h2>Hooks</h2>
      <ul class="hooks">
        {runs.value.map((run) => (
          <Run key={`${run.name} ${run.point} ${run.member} ${run.step}`} run={run} />
        ))}
      </ul>
    </section>
  );
}

function Run({ run }: { readonly run: HookRunView }) {
  const { name, point, member, is, startedAt, text, output } = run;
  const [glyph, word, tone] = RESULTS[is];
  return (
    <li data-hook={name} data-is={is}>
      <b>{name}</b>{" "}
      <span class={tone}>
        <span aria-hidden="true">{glyph}</span> {word}
      </span>
      <span class="dim">
        {" "}
        {point}
        {member === null ? "" : ` for ${member}`} at {clockTime(startedAt, new Date())}
      </span>
      {text !== "" && <p>{text}</p>}
      {output !== "" && (
        <details open={is === "failed"}>
          <summary>What it said</summary>
          <pre>{output}</pre>
        </details>
      )}
    </li>
  );
}
