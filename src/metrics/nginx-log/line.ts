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

/** Client codes that nginx answers by itself where a member left it without an answer. */
const NO_ANSWER = new Set([502, 504]);

/** The one form that `log_format` gives a line. All lines of all requests are read, and this takes half the time of `JSON.parse`. */
const FORM = new RegExp(
  '^\\{"p":"([^" ]+) ([^" ]+) (\\d+)(?: ([^" ]*) ([^" ]*))?","g":"[^"]*","t":([\\d.]+),"d":([\\d.]+),' +
    '"c":(\\d+),"a":"([^"]*)","s":"([^"]*)","r":"([^"]*)"\\}$',
);

/** Reads a line of the log; null where it is none: torn by a full disk, or written by something else. */
export function parseLine(text: string): Line | null {
  const found = FORM.exec(text);
  if (found === null) return null;
  const [, service = "", pool = "", sample, slot = "", went = "", ended, took, code, a = "", s = "", r = ""] = found;
  const bp = Number(sample);
  const endedAt = Number(ended) * 1_000;
  const startedAt = endedAt - Number(took) * 1_000;
  const attempts = attemptsOf(a, s, r, Number(code));
  if (attempts === null || bp < 1 || !Number.isFinite(startedAt)) return null;
  return {
    service,
    pool: pool === "-" ? null : pool,
    routed: slot === "" || went === "" ? null : { slot, pool: went },
    sample: bp,
    startedAt: Math.round(startedAt),
    endedAt: Math.round(endedAt),
    attempts,
  };
}

/**
 * nginx divides the tries of one pass by `, `, and passes (after an internal redirect) by ` : `; the three lists have the same
 * places (ngx_http_upstream_module, `$upstream_addr`). Nothing is there where no upstream was asked: a cache had it.
 */
function attemptsOf(a: string, s: string, r: string, code: number): readonly Attempt[] | null {
  if (a === "" || a === "-") return [];
  if (!a.includes(" ")) return [attempt(a, s, r, code, true)];
  const addresses = a.split(SEPARATOR);
  const statuses = s.split(SEPARATOR);
  const times = r.split(SEPARATOR);
  if (statuses.length !== addresses.length || times.length !== addresses.length) return null;
  return addresses.map((address, at) => attempt(address, statuses[at], times[at], code, at === addresses.length - 1));
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
