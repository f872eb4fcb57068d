import type { Secret } from "../schema/secret.ts";
import type { Path } from "../source.ts";
import { type Judgement, problem } from "./rule.ts";

/** Why an address cannot be asked; says nothing of what it holds. `version` is how the placeholder of the version is written there. */
export function urlProblem(text: string, version: "{{version}}" | "{version}"): string | null {
  // A placeholder stands for a name, and `{` cannot be parsed in a host.
  const url = URL.parse(text.replaceAll(/\{\{?\s*[a-z]+\s*\}?\}/g, "x"));
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    return "is not an address; it must start with http:// or https:// and name a host";
  if (url.username !== "" || url.password !== "") return "has a user or a password in it";
  // Whoever starts a rollout names the version, and must not choose who is asked, with which token.
  const authority = text.slice(text.indexOf("//") + 2).split(/[/?#]/, 1)[0] ?? "";
  return /\{\s*version\s*\}/.test(authority) ? `may not have ${version} in its host` : null;
}

/** Headers that are written into the file although they tell who Sluice is. */
export function* headerRules(headers: Readonly<Record<string, Secret>>, base: Path): Iterable<Judgement> {
  for (const [name, one] of Object.entries(headers)) {
    if (one.from === "text" && !one.text.includes("${") && /auth|cookie|token|secret|key|pass/i.test(name))
      yield problem(
        [...base, name],
        `looks like a secret; it must come from a variable of the environment such as "\${NAME}", or from { file: PATH }`,
      );
  }
}
