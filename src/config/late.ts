/** Keys and list positions from the top of the file. */
type Path = readonly (string | number)[];

const OF_METRIC = new Set(["url", "query", "auth", "headers", "command", "env"]);
const OF_HOOK = new Set(["command", "env", "post", "headers", "secret"]);
const OF_NOTIFIER = new Set(["webhook", "slack", "command", "env", "headers", "secret"]);
/** Maps of secrets: below them stands a name, and only then a secret. */
const MAPS = new Set(["env", "headers"]);

/**
 * Whether the text at a path keeps its variables as they are written, and gets them filled in when it is used: what a variable holds may
 * be secret, and a configuration is stored with each rollout. The name of a file that holds a secret is none.
 */
export function isLate(path: Path): boolean {
  const [section, , part, , key] = path;
  if (section === "services" && part === "metrics")
    return OF_METRIC.has(String(key)) && !(path.length > 6 && path.at(-1) === "file");
  const within = callAt(path);
  if (within === null) return false;
  const [setting] = within;
  // A list of a program and its arguments names no setting.
  if (setting === undefined) return true;
  const known = section === "notify" ? OF_NOTIFIER : OF_HOOK;
  return known.has(String(setting)) && within[MAPS.has(String(setting)) ? 2 : 1] !== "file";
}

/** What a path names within a hook or a notifier; null where it leads to neither. */
function callAt(path: Path): Path | null {
  const [section, , part, point] = path;
  if (section === "notify") return afterNumbers(path.slice(1));
  if (section !== "services") return null;
  if (part === "hooks") return afterNumbers(path.slice(4));
  if (part !== "rolling" || (point !== "deploy" && point !== "rollback")) return null;
  const within = afterNumbers(path.slice(4));
  return within[0] === "hook" ? afterNumbers(within.slice(1)) : within;
}

function afterNumbers(path: Path): Path {
  const first = path.findIndex((part) => typeof part === "string");
  return first === -1 ? [] : path.slice(first);
}
