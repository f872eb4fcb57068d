/** `ratio` is a part of a whole, shown as a percentage; `quantile` is a number in the histogram's own unit. */
export type Unit = "ratio" | "quantile";

/**
 * What a check says. `fail` is a bad release, `error` bad evidence, `inconclusive` not enough of it.
 *
 * `windowMs` is the time that the samples cover. `limit` and `text` are for people; `value` is null where there is no number.
 */
export type Verdict = {
  readonly check: string;
  readonly is: "pass" | "fail" | "inconclusive" | "error";
  readonly value: number | null;
  readonly limit: string;
  readonly samples: number;
  readonly windowMs: number;
  readonly text: string;
};
