import type { Evidence, Measurement, MetricSource, Subject } from "../core/ports.ts";
import type { Metric } from "../core/service.ts";
import { type Ms, never } from "../core/units.ts";
import { Confidence, type Fill, Unaskable } from "../secrets/confidence.ts";
import type { Values } from "./placeholders.ts";

/** What somebody else computed: a number, nothing yet, or something that cannot be believed. Texts are for people. */
export type Answer =
  | { readonly is: "number"; readonly value: number }
  | { readonly is: "lacking"; readonly why: string }
  | { readonly is: "broken"; readonly why: string };

/** What a reader of ready numbers gets beside the metric. */
export type Asking = { readonly values: Values; readonly confidence: Confidence; readonly signal: AbortSignal };

/**
 * A source of numbers that come ready. A reading at `t` is taken to cover the window before `t`; only the newest counts, so that a
 * source that is broken now says nothing of before.
 *
 * `read` may throw an `Unaskable`.
 */
export function readyNumbers<M extends Metric>(
  read: (metric: M, asking: Asking) => Promise<Answer>,
  fill: Fill,
): MetricSource<M> & AsyncDisposable {
  const lifetime = new AbortController();
  const running = new Set<Promise<unknown>>();
  const ask = async (metric: M, { pool, service, version }: Subject): Promise<Answer> => {
    const confidence = new Confidence(fill);
    const values = { pool, service, version, windowMs: metric.windowMs };
    try {
      return safe(await read(metric, { values, confidence, signal: lifetime.signal }), confidence);
    } catch (error) {
      const why = error instanceof Unaskable ? error.message : `cannot be read: ${String(error)}`;
      return { is: "broken", why: confidence.shown(why) };
    }
  };
  return {
    async sample(metric, subject, _before, now): Promise<Evidence> {
      const work = ask(metric, subject);
      running.add(work);
      return evidenceOf(metric, await work.finally(() => running.delete(work)), now.t);
    },
    measure,
    async [Symbol.asyncDispose]() {
      lifetime.abort();
      await Promise.allSettled(running);
    },
  };
}

/** A number as a text says it; `what` names the text for people. */
export function answerOf(value: number | null, what: string): Answer {
  if (value === null) return { is: "broken", why: `${what} is not a number` };
  if (Number.isNaN(value)) return { is: "lacking", why: `${what} is NaN: there is nothing to compute it from yet` };
  return Number.isFinite(value) ? { is: "number", value } : { is: "broken", why: `${what} is ${value}, not a finite number` };
}

function safe(answer: Answer, confidence: Confidence): Answer {
  return answer.is === "number" ? answer : { ...answer, why: confidence.shown(answer.why) };
}

function evidenceOf(metric: Metric, answer: Answer, t: Ms): Evidence {
  const base = { metric: metric.name, last: {}, slices: [], problem: null, lacking: null };
  switch (answer.is) {
    case "number":
      return { ...base, slices: [{ from: t - metric.windowMs, to: t, counts: { value: answer.value } }] };
    case "lacking":
      return { ...base, lacking: answer.why };
    case "broken":
      return { ...base, problem: answer.why };
    default:
      return never(answer);
  }
}

function measure(_metric: Metric, evidence: Evidence, from: Ms, to: Ms): Measurement {
  const { problem, lacking } = evidence;
  const slice = evidence.slices.at(-1);
  if (slice === undefined || slice.to > to) return { value: null, samples: null, from: null, to: null, problem, lacking };
  // A window that reaches into the step before says nothing of this one, neither good nor bad.
  const wait = Math.ceil((from - slice.from) / 1000);
  if (slice.from < from)
    return {
      value: null,
      samples: null,
      from: null,
      to: null,
      problem,
      lacking: `the window lies wholly in this step in ${wait} s`,
    };
  return { value: slice.counts.value ?? null, samples: null, from: slice.from, to: slice.to, problem, lacking };
}
