import type { Service } from "../config.ts";
import { formatDuration } from "../duration.ts";
import type { Secret } from "../schema/secret.ts";
import type { Path } from "../source.ts";
import { headerRules, urlProblem } from "./address.ts";
import { namesInBraces, OF_MEMBER, OF_ROLLOUT } from "./placeholders.ts";
import { type Judgement, problem, type Subject } from "./rule.ts";

type Hook = Service["hooks"]["beforeStart"][number];

/** What the hooks of a service say, wherever they stand. */
export function* hookRules(service: Service, subject: Subject): Iterable<Judgement> {
  const base = ["services", service.name];
  for (const [point, hooks] of Object.entries(service.hooks)) {
    const path = [...base, "hooks", point];
    const isList = startsWithHook(subject.written(path));
    for (const [index, hook] of hooks.entries()) yield* oneRules(hook, isList ? [...path, index] : path, OF_ROLLOUT, subject);
  }
  if (service.rolling === null) return;
  const { deploy, rollback } = service.rolling;
  yield* oneRules(deploy, [...base, "rolling", "deploy"], OF_MEMBER, subject);
  if (rollback === null) return;
  const path = [...base, "rolling", "rollback"];
  const inBlock = subject.written([...path, "hook"]) !== undefined;
  yield* oneRules(rollback.hook, inBlock ? [...path, "hook"] : path, OF_MEMBER, subject);
}

/** A list that begins with a text is a program and its arguments; any other is one of hooks. */
function startsWithHook(written: unknown): boolean {
  return Array.isArray(written) && typeof written[0] !== "string";
}

function* oneRules(hook: Hook, path: Path, allowed: readonly string[], { written, fill }: Subject): Iterable<Judgement> {
  if (hook.do === "command") {
    const at = Array.isArray(written(path)) ? path : [...path, "command"];
    for (const [index, text] of hook.command.entries()) yield* namesInBraces(text, allowed, [...at, index]);
    yield* givenRules(hook.env, allowed, [...path, "env"]);
    return;
  }
  const wrong = urlProblem(fill(hook.url), "{version}");
  if (wrong !== null) yield problem([...path, "post"], wrong);
  else yield* namesInBraces(hook.url, allowed, [...path, "post"]);
  yield* sentRules(hook.headers, allowed, [...path, "headers"]);
  if (hook.timeoutMs > hook.deadlineMs) {
    const deadline = formatDuration(hook.deadlineMs);
    yield problem(
      [...path, "timeout"],
      `the timeout of ${formatDuration(hook.timeoutMs)} for one try is longer than the deadline of ${deadline} for all; it must be at most ${deadline}`,
    );
  }
}

/** Headers that a call gets from Sluice itself. */
const OWN_HEADERS = new Set(["content-type", "idempotency-key", "user-agent", "x-sluice-signature"]);

/** What is sent with a call. */
export function* sentRules(headers: Secrets, allowed: readonly string[], base: Path): Iterable<Judgement> {
  yield* headerRules(headers, base);
  yield* secretNames(headers, allowed, base);
  yield* ownNames(headers, (name) => OWN_HEADERS.has(name.toLowerCase()), base);
}

/** What a program gets beside its arguments. */
export function* givenRules(env: Secrets, allowed: readonly string[], base: Path): Iterable<Judgement> {
  yield* secretNames(env, allowed, base);
  yield* ownNames(env, (name) => name.startsWith("SLUICE_"), base);
}

type Secrets = Readonly<Record<string, Secret>>;

function* ownNames(secrets: Secrets, isOwn: (name: string) => boolean, base: Path): Iterable<Judgement> {
  for (const name of Object.keys(secrets))
    if (isOwn(name)) yield problem([...base, name], "is set by Sluice itself; choose another name", "key");
}

function* secretNames(secrets: Secrets, allowed: readonly string[], base: Path): Iterable<Judgement> {
  for (const [name, one] of Object.entries(secrets))
    if (one.from === "text") yield* namesInBraces(one.text, allowed, [...base, name]);
}
