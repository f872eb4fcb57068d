import type { TextRules } from "../config/semantics/rule.ts";
import { parsePick } from "../metrics/pick.ts";
import { queryProblem } from "../metrics/promql.ts";
import { parseSelector } from "../metrics/selector.ts";

/** What the configuration must know of the texts of metrics. */
export const metricTexts: TextRules = {
  selectorProblem(text) {
    const parsed = parseSelector(text);
    return parsed.ok ? null : parsed.message;
  },
  queryProblem,
  pickProblem(text) {
    const parsed = parsePick(text);
    return parsed.ok ? null : parsed.message;
  },
};
