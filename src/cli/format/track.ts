import type { RolloutView, StepView } from "../../core/view.ts";
import { glyph, paint, type Style } from "./style.ts";
import { percent } from "./units.ts";
import { width } from "./width.ts";

/** Where nobody looks at a terminal. */
const USUAL_COLUMNS = 100;
/** Below this a terminal has no room for a bar and the steps. */
const BAR_FROM = 50;

/** What the candidate has in nginx as a bar, and the steps in a row: `|████░░░| ✔ 5%  [20%]  50% approve  100%`. */
export function trackLine(rollout: RolloutView, inNginx: number | null, style: Style): string {
  const columns = style.columns ?? USUAL_COLUMNS;
  const cells = columns < BAR_FROM ? 0 : Math.min(40, Math.floor(columns / 4));
  const bar = cells === 0 ? "" : `|${barOf((inNginx ?? 0) / 10_000, cells, style)}| `;
  return bar + stepsWithin(rollout, columns - width(bar), style);
}

/** A part of a whole as a bar of that many cells. */
export function barOf(part: number, cells: number, style: Style): string {
  const full = Math.min(cells, Math.max(0, Math.round(part * cells)));
  return glyph(style, "full").repeat(full) + glyph(style, "empty").repeat(cells - full);
}

/** As many steps as fit, the present one among them; a mark stands for those that are left out on either side. */
function stepsWithin(rollout: RolloutView, room: number, style: Style): string {
  const texts = rollout.steps.map((step) => stepText(step, rollout.to, style));
  const widths = texts.map((text) => width(text));
  const now = Math.max(0, Math.min(rollout.step, texts.length - 1));
  const mark = glyph(style, "cut");
  const gap = 2;
  const taken = (from: number, to: number) =>
    widths.slice(from, to).reduce((sum, each) => sum + each + gap, -gap) +
    (from > 0 ? mark.length + gap : 0) +
    (to < texts.length ? mark.length + gap : 0);
  let from = now;
  let to = Math.min(now + 1, texts.length);
  for (let grew = true; grew; ) {
    grew = false;
    // What comes next says more than what is over.
    if (to < texts.length && taken(from, to + 1) <= room) {
      to += 1;
      grew = true;
    }
    if (from > 0 && taken(from - 1, to) <= room) {
      from -= 1;
      grew = true;
    }
  }
  const painted = texts.slice(from, to).map((text, index) => paintStep(text, rollout.steps[from + index], style));
  return [...(from > 0 ? [mark] : []), ...painted, ...(to < texts.length ? [mark] : [])].join(" ".repeat(gap));
}

function stepText(step: StepView, to: string, style: Style): string {
  // The commit has the shares of the step before it: its share alone would read as the same step twice.
  const share = step.label === "commit" ? "commit" : percent(step.shares[to] ?? 0);
  switch (step.state) {
    case "done":
      return `${glyph(style, "good")} ${share}`;
    case "skipped":
      return `${glyph(style, "next")} ${share} skipped`;
    case "now":
      return `[${share}]`;
    case "stopped":
      return `${glyph(style, "bad")} [${share}]`;
    case "next":
      return step.until === "approval" ? `${share} approve` : share;
  }
}

function paintStep(text: string, step: StepView | undefined, style: Style): string {
  if (step?.state === "now") return paint(style, "accent", text);
  if (step?.state === "stopped") return paint(style, "bad", text);
  return paint(style, step?.state === "done" ? "good" : "dim", text);
}
