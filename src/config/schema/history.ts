import { DEFAULTS } from "../defaults.ts";
import { block, whole } from "./fields.ts";

/** How much of what is over is kept; the rollout under way always is. */
export const history = block("history", "How much of the past is kept; the oldest goes first.", {
  events: whole("Lines of the journal that are kept, of all services together.", 100, 10_000_000).default(
    DEFAULTS.history.events,
  ),
  rollouts: whole("Rollouts that are over and kept, of each service, with their revisions and windows.", 1, 10_000).default(
    DEFAULTS.history.rollouts,
  ),
});
