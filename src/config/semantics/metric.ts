import type { Service } from "../config.ts";
import { formatDuration } from "../duration.ts";
import type { Path } from "../source.ts";
import { headerRules, urlProblem } from "./address.ts";
import { type Judgement, problem, type Subject } from "./rule.ts";

type Metric = Service["metrics"][string];
type Fetched = Extract<Metric, { source: "prometheus" | "http" }>;

/** What a metric's settings demand of each other. No message shows what a variable holds. */
export function* metricRules(service: Service, subject: Subject): Iterable<Judgement> {
  for (const metric of Object.values(service.metrics)) {
    const base = ["services", service.name, "metrics", metric.name];
    yield* timeRules(metric, base);
    switch (metric.source) {
      case "scrape":
        yield* selectorRules(metric, base, subject);
        break;
      case "prometheus": {
        yield* fetchRules(metric, base, subject, []);
        const wrong = subject.texts.queryProblem(subject.fill(metric.query), metric.windowMs);
        if (wrong !== null) yield problem([...base, "query"], wrong);
        break;
      }
      case "http": {
        yield* fetchRules(metric, base, subject, PLACEHOLDERS);
        const wrong = subject.texts.pickProblem(metric.pick);
        if (wrong !== null) yield problem([...base, "pick"], `is no path into a JSON answer: ${wrong}`);
        break;
      }
      case "command":
        for (const [index, text] of metric.command.entries())
          yield* placeholderRules(text, PLACEHOLDERS, [...base, "command", index]);
        for (const [name, one] of Object.entries(metric.env))
          if (one.from === "text") yield* placeholderRules(one.text, PLACEHOLDERS, [...base, "env", name]);
        break;
      case "nginx":
        break;
    }
  }
}

/** True where a metric's number comes ready from somebody else. */
function comesReady(metric: Metric): boolean {
  return metric.source !== "scrape" && metric.source !== "nginx";
}

/** Why nobody counts the requests that a metric's number comes from, in words; null where they are counted. */
export function uncounted(metric: Metric): string | null {
  switch (metric.source) {
    case "nginx":
      return null;
    case "scrape": {
      const { kind } = metric.measure;
      return kind === "rate" || kind === "gauge" ? `a ${kind} does not count requests` : null;
    }
    case "prometheus":
    case "http":
    case "command":
      return `the source ${metric.source} does not count requests`;
  }
}

/** What a bound of a metric is measured in. */
export function kindOf(metric: Metric): "ratio" | "quantile" | "number" {
  if (metric.source === "scrape")
    return metric.measure.kind === "ratio" || metric.measure.kind === "quantile" ? metric.measure.kind : "number";
  if (metric.source === "nginx") return metric.measure === "errors" ? "ratio" : "quantile";
  return metric.unit;
}

const PLACEHOLDERS = ["pool", "service", "version", "window"];

function* timeRules(metric: Metric, base: Path): Iterable<Judgement> {
  const { timeoutMs, intervalMs, windowMs } = metric;
  if (timeoutMs > intervalMs) {
    const message = `the timeout of ${formatDuration(timeoutMs)} is longer than the interval of ${formatDuration(intervalMs)}; it must be at most ${formatDuration(intervalMs)}`;
    yield problem([...base, "timeout"], message);
  }
  const leastMs = comesReady(metric) ? intervalMs : 2 * intervalMs;
  if (windowMs >= leastMs) return;
  const reads = comesReady(metric) ? "is shorter than the time between two reads," : "holds fewer than two reads, one every";
  const message = `${formatDuration(windowMs)} ${reads} ${formatDuration(intervalMs)}; it must be at least ${formatDuration(leastMs)}`;
  yield problem([...base, "window"], message);
}

function* selectorRules(metric: Extract<Metric, { source: "scrape" }>, base: Path, { texts }: Subject): Iterable<Judgement> {
  const { measure } = metric;
  const written: readonly (readonly [Path, string])[] =
    measure.kind === "ratio"
      ? [
          [["ratio", "of"], measure.of],
          [["ratio", "to"], measure.to],
        ]
      : [[[measure.kind === "quantile" ? "of" : measure.kind], measure.of]];
  for (const [path, text] of written) {
    const wrong = texts.selectorProblem(text);
    if (wrong !== null) yield problem([...base, ...path], `is not a series selector: ${wrong}`);
  }
}

function* fetchRules(metric: Fetched, base: Path, { fill }: Subject, allowed: readonly string[]): Iterable<Judgement> {
  const wrong = askedProblem(fill(metric.url), metric.source);
  if (wrong !== null) yield problem([...base, "url"], wrong);
  else yield* placeholderRules(metric.url, allowed, [...base, "url"]);
  yield* headerRules(metric.headers, [...base, "headers"]);
}

/** What is wrong with the address of a metric; says nothing of what it holds. */
function askedProblem(text: string, source: Fetched["source"]): string | null {
  const wrong = urlProblem(text, "{{version}}");
  if (wrong !== null) return wrong.includes("a password") ? `${wrong}; put them under auth: { basic: … }` : wrong;
  return source === "prometheus" && /[?#]/.test(text)
    ? "has a ? or a # in it; it must be the address before /api/v1/query"
    : null;
}

function* placeholderRules(text: string, allowed: readonly string[], path: Path): Iterable<Judgement> {
  for (const [written, name = ""] of text.matchAll(/\{\{(.*?)\}\}/g)) {
    if (allowed.includes(name.trim())) continue;
    const known = allowed.map((one) => `{{${one}}}`).join(", ");
    const filled = allowed.length === 0 || PLACEHOLDERS.includes(name.trim());
    yield problem(path, filled ? `${written} is not filled in here` : `${written} is not known; it must be one of ${known}`);
  }
}
