import { execa } from "execa";
import { pathMatcher } from "./glob.ts";
import { includes, type Parsed, parseStatements } from "./statement.ts";
import { buildTree, type ConfigTree, includePath } from "./tree.ts";

const HEADER = /^# configuration file (\/.*):\r?$/;

/**
 * Reads the output of `nginx -T`.
 *
 * nginx prints each file once, after a line `# configuration file PATH:`. A comment of the user's can look the same, so a
 * path only opens a new file where an earlier file includes it.
 */
export function parseDump(text: string): ConfigTree {
  const lines = text.split("\n");
  const files = new Map<string, Parsed>();
  const wanted: ((path: string) => boolean)[] = [];
  const found = lines.flatMap((line, at) => {
    const path = line.startsWith("# configuration file ") ? HEADER.exec(line)?.[1] : undefined;
    return path === undefined ? [] : [{ path, at }];
  });
  const [first, ...rest] = found;
  if (first === undefined) return noDump();
  let open = first;
  const finish = (end: number) => {
    const content = lines.slice(open.at + 1, end).join("\n");
    const parsed = parseStatements(open.path, content);
    files.set(open.path, parsed);
    wanted.push(...includes(parsed.statements).map((argument) => pathMatcher(includePath(first.path, argument))));
  };
  for (const header of rest) {
    if (files.has(header.path) || header.path === open.path) continue;
    finish(header.at);
    if (wanted.some((matches) => matches(header.path))) open = header;
  }
  finish(lines.length);
  return buildTree(first.path, files);
}

function noDump(): ConfigTree {
  const message = 'this is no output of "nginx -T": it has no line "# configuration file PATH:"';
  return { main: "", directives: [], files: [], problems: [{ code: "unparsable", file: "", line: 1, message }] };
}

/** What `nginx -T` said: the text to parse, or why there is none, in words that are safe to show. */
export type Dump =
  | { readonly is: "dumped"; readonly text: string }
  | { readonly is: "refused"; readonly reason: string; readonly file: string | null; readonly line: number | null };

/**
 * Runs `nginx -T`, which tests the configuration and prints it.
 *
 * Like every `nginx -t` it creates missing log files and binds ports for a moment, as the caller. Never rejects: where
 * nginx refuses, is missing or takes longer than `timeoutMs`, the reason says so. `ownFolder` is the folder of Sluice's files.
 */
export async function dumpNginx(input: {
  readonly binary: string;
  readonly config: string;
  readonly ownFolder: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}): Promise<Dump> {
  const result = await execa(input.binary, ["-T", "-q", "-c", input.config], {
    reject: false,
    stripFinalNewline: false,
    timeout: input.timeoutMs,
    ...(input.signal === undefined ? {} : { cancelSignal: input.signal }),
  });
  const refused = (reason: string): Dump => ({ is: "refused", reason, file: null, line: null });
  if (result.timedOut) return refused(`nginx -T did not end within ${input.timeoutMs} ms (a name that does not resolve?)`);
  if (result.exitCode === undefined)
    return refused(`${input.binary} cannot be run: ${result.code ?? "it was ended by a signal"}`);
  if (result.exitCode === 0) return { is: "dumped", text: result.stdout };
  return refusal(result.stderr, input.ownFolder);
}

/** How a line of nginx's begins: `nginx: [emerg] `, or where it was built to log to standard error, with time and pid. */
const HEAD = /^(?:nginx: |\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d )\[(\w+)\] (?:\d+#\d+: )?/;

/** nginx's first complaint, without what it quotes of files that are not ours. */
function refusal(stderr: string, ownFolder: string): Dump {
  const lines = stderr.trimEnd().split("\n");
  const first = lines.findIndex((line) => ["emerg", "alert", "crit", "error"].includes(HEAD.exec(line)?.[1] ?? ""));
  if (first === -1) return { is: "refused", reason: "nginx -T failed without a reason", file: null, line: null };
  // A quoted value may hold line breaks: the entry lasts until the next line that nginx begins.
  const rest = lines.slice(first + 1);
  const next = rest.findIndex((line) => HEAD.test(line) || line.startsWith("nginx: "));
  const entry = lines.slice(first, next === -1 ? undefined : first + 1 + next).join("\n");
  const place = / in (\/.*):(\d+)$/.exec(entry);
  const file = place?.[1] ?? null;
  const own = file?.startsWith(`${ownFolder}/`) ?? false;
  const text = entry.slice(0, place === null ? undefined : -place[0].length).replace(HEAD, "[$1] ");
  const line = place === null ? null : Number(place[2]);
  return { is: "refused", reason: own ? text : withoutQuotes(text, ownFolder), file, line };
}

/** From the first quote to the last, because a quoted value may itself hold quotes; a path of our own folder may stay. */
function withoutQuotes(text: string, ownFolder: string): string {
  const quoted = /["'][\s\S]*["']|["'][\s\S]*$/.exec(text)?.[0];
  if (quoted === undefined) return text;
  const own = quoted.startsWith(`"${ownFolder}/`) && /^"[A-Za-z0-9._/-]*"$/.test(quoted);
  return own ? text : text.replace(quoted, () => '"…"');
}
