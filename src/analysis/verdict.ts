/** `ratio` is a part of a whole, shown as a percentage; `quantile` and `number` are numbers in the metric's own unit. */
export type Unit = "ratio" | "quantile" | "number";

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
  /** Null where the source does not count what the value comes from. */
  readonly samples: number | null;
  readonly windowMs: number;
  readonly text: string;
  /** Why a step may not go on without a pass, even where its `hold` says so; left out where it may. */
  readonly suspicious?: string;
};
