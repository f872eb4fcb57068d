import { now } from "./clock.ts";
import { ago } from "./figures.ts";
import { freshAt, link, trouble } from "./link.ts";

/** Says that nothing on the page may be trusted, since when, and what is done about it. */
export function Banner() {
  if (link.value === "live") return null;
  const problem = trouble.value;
  if (problem === null && link.value === "connecting") return null;
  const old = freshAt.value === 0 ? "" : ` What you see is from ${ago(now.value - freshAt.value)}, and actions are off.`;
  return (
    <div class="banner" role="alert">
      <strong>Not live:</strong> {problem?.text ?? "no answer came for a while"}.{old} Trying again…
    </div>
  );
}
