import { formatDuration } from "../duration.ts";
import { suggest } from "../nearest.ts";
import { urlProblem } from "./address.ts";
import { givenRules, sentRules } from "./hook.ts";
import { namesInBraces, OF_NOTICE } from "./placeholders.ts";
import { type Judgement, problem, type Subject } from "./rule.ts";

/** Who is told, of services that there are, at an address that can be one. */
export function* notifyRules(subject: Subject): Iterable<Judgement> {
  const { notify } = subject.settings;
  const known = keysOf(subject.original(["services"]));
  for (const [index, notifier] of notify.entries()) {
    const base = ["notify", index];
    if (notify.findIndex(({ name }) => name === notifier.name) < index)
      yield problem(base, `is the second notifier called ${notifier.name}; give it a name: of its own`);
    for (const [at, name] of (notifier.services ?? []).entries())
      if (!known.includes(name)) yield problem([...base, "services", at], `"${name}" is not a service; ${suggest(name, known)}`);
    if (notifier.to === "command") {
      for (const [at, text] of notifier.command.entries()) yield* namesInBraces(text, OF_NOTICE, [...base, "command", at]);
      yield* givenRules(notifier.env, OF_NOTICE, [...base, "env"]);
      continue;
    }
    const { url, timeoutMs, deadlineMs } = notifier;
    const wrong = url.from === "text" ? urlProblem(subject.fill(url.text), "{version}") : null;
    if (wrong !== null) yield problem([...base, notifier.to], wrong);
    if (notifier.to === "webhook") yield* sentRules(notifier.headers, OF_NOTICE, [...base, "headers"]);
    if (timeoutMs > deadlineMs)
      yield problem(
        [...base, "timeout"],
        `the timeout of ${formatDuration(timeoutMs)} for one try is longer than the deadline of ${formatDuration(deadlineMs)} for all; it must be at most ${formatDuration(deadlineMs)}`,
      );
  }
}

function keysOf(block: unknown): string[] {
  return typeof block === "object" && block !== null ? Object.keys(block) : [];
}
