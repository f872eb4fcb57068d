import type { Bp, Endpoint, Ms, PoolName, ServiceName } from "../../core/units.ts";

/** One try of nginx at a member. Times are whole milliseconds, as nginx writes them. */
export type Attempt = {
  /** Where it went; the upstream's name where no member could be tried. */
  readonly address: Endpoint;
  /** What the member answered (502 and 504 where it did not); null where the client was gone first. */
  readonly status: number | null;
  readonly tookMs: Ms;
};

/** One request as nginx wrote it down. */
export type Line = {
  readonly service: ServiceName;
  /** The pool that it was sent to; null where one upstream holds all pools, and only the addresses tell. */
  readonly pool: PoolName | null;
  /** What its table said: the bucket (`12/34`, or the word of an override), and the pool. Null where none was asked. */
  readonly routed: { readonly slot: string; readonly pool: PoolName } | null;
  /** The part of the requests that is written down. */
  readonly sample: Bp;
  /** When the request began and ended, wall clock. */
  readonly startedAt: Ms;
  readonly endedAt: Ms;
  readonly attempts: readonly Attempt[];
};

type Raw = Readonly<Record<"p" | "a" | "s" | "r", string>> & { readonly k?: unknown } & {
  readonly t: number;
  readonly d: number;
  readonly c: number;
};

/** Client codes that nginx answers by itself where a member left it without an answer. */
const NO_ANSWER = new Set([502, 504]);

/** Reads a line of the log; null where it is none: torn by a full disk, or written by something else. */
export function parseLine(text: string): Line | null {
  let raw: Raw;
  try {
    raw = JSON.parse(text) as Raw;
  } catch {
    return null;
  }
  if (raw === null || typeof raw !== "object" || !isWhole(raw)) return null;
  const [service = "", pool = "-", sample = ""] = raw.p.split(" ");
  const bp = Number(sample);
  if (service === "" || !(bp >= 1)) return null;
  const attempts = attemptsOf(raw);
  if (attempts === null) return null;
  return {
    service,
    pool: pool === "-" ? null : pool,
    routed: routedOf(raw.k),
    sample: bp,
    startedAt: Math.round((raw.t - raw.d) * 1_000),
    endedAt: Math.round(raw.t * 1_000),
    attempts,
  };
}

function routedOf(said: unknown): Line["routed"] {
  if (typeof said !== "string") return null;
  const blank = said.indexOf(" ");
  return blank < 1 || blank === said.length - 1 ? null : { slot: said.slice(0, blank), pool: said.slice(blank + 1) };
}

function isWhole(raw: Raw): boolean {
  const { p, a, s, r, t, d, c } = raw;
  return [p, a, s, r].every((one) => typeof one === "string") && [t, d, c].every((one) => Number.isFinite(one));
}

/**
 * nginx divides the tries of one pass by `, `, and passes (after an internal redirect) by ` : `; the three lists have the same
 * places (ngx_http_upstream_module, `$upstream_addr`). Nothing is there where no upstream was asked: a cache had it.
 */
function attemptsOf({ a, s, r, c }: Raw): readonly Attempt[] | null {
  if (a === "" || a === "-") return [];
  if (!a.includes(" ")) return [attempt(a, s, r, c, true)];
  const addresses = a.split(SEPARATOR);
  const statuses = s.split(SEPARATOR);
  const times = r.split(SEPARATOR);
  if (statuses.length !== addresses.length || times.length !== addresses.length) return null;
  return addresses.map((address, at) => attempt(address, statuses[at], times[at], c, at === addresses.length - 1));
}

const SEPARATOR = /, | : /;

function attempt(address: string, status = "-", took = "-", code: number, last: boolean): Attempt {
  const answered = Number(status);
  const tookMs = Math.round(Number(took) * 1_000);
  const unanswered = last && NO_ANSWER.has(code) ? code : null;
  return {
    address,
    status: Number.isInteger(answered) && answered > 0 ? answered : unanswered,
    tookMs: Number.isFinite(tookMs) ? tookMs : 0,
  };
}
