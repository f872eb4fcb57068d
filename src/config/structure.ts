import { findingsOf, valueAt, without } from "./issues.ts";
import { repaired } from "./repair.ts";
import { fileOfOne, fileOfSeveral, type Parsed } from "./schema/file.ts";
import { isNamed } from "./schema/nginx.ts";
import { service } from "./schema/service.ts";
import type { Finding, Path } from "./source.ts";

/** What the schema makes of the data. `unreadable` are the sections that could not be: nothing can be said of what refers to them. */
export type Structure = {
  readonly findings: readonly Finding[];
  readonly parsed: Parsed;
  /** What `parsed` was made from: the data without the parts that are wrong. */
  readonly data: unknown;
  readonly unreadable: readonly Section[];
};
const SECTIONS = ["api", "state", "nginx", "freeze", "notify"] as const;
type Section = (typeof SECTIONS)[number];

/**
 * Parses the data. Where parts of it are wrong, the rest is still parsed, so that one run finds as much as possible: unknown
 * keys are left out, wrong values are repaired, and what cannot be read even then is left out too.
 */
export function structure(data: unknown): Structure {
  const file = isNamed(valueAt(data, ["nginx"])) ? fileOfSeveral : fileOfOne;
  const whole = file.safeParse(data);
  if (whole.success) return { findings: [], parsed: whole.data, data, unreadable: [] };
  const findings = findingsOf(whole.error.issues);
  const paths = (of: readonly Finding[]): Path[] => of.map((one) => one.path);
  const known = without(data, paths(findings.filter((one) => one.at === "key")));
  const wrong = paths(findings.filter((one) => one.at !== "key"));
  const unreadable = SECTIONS.filter((section) => wrong.some((path) => path.length === 0 || path[0] === section));
  return { findings, unreadable, ...salvage(file, repaired(known, wrong), unreadable) };
}

type File = typeof fileOfOne | typeof fileOfSeveral;

function salvage(file: File, data: unknown, unreadable: readonly Section[]): Pick<Structure, "parsed" | "data"> {
  const usual: Parsed = fileOfOne.parse({ services: {} });
  const section = <K extends Section>(key: K): Parsed[K] =>
    unreadable.includes(key) ? usual[key] : (file.shape[key].parse(valueAt(data, [key])) as Parsed[K]);
  const services = Object.entries((valueAt(data, ["services"]) as object | null | undefined) ?? {}).flatMap(([name, raw]) => {
    const parsed = service.safeParse(raw);
    return parsed.success ? [[name, parsed.data] as const] : [];
  });
  const sections = {
    api: section("api"),
    state: section("state"),
    nginx: section("nginx"),
    freeze: section("freeze"),
    notify: section("notify"),
  };
  return { parsed: { ...usual, ...sections, services: Object.fromEntries(services) }, data };
}
