import type { HookEnd } from "../core/ports.ts";
import type { Secret } from "../core/secret.ts";
import type { Ms } from "../core/units.ts";
import { type Confidence, fileText, Unaskable } from "../secrets/confidence.ts";
import { type Posted, post } from "./post.ts";
import { signatureOf } from "./signature.ts";
import { lastLine, shownEnd } from "./tail.ts";
import type { Times } from "./times.ts";

/** A message that is posted until somebody answers it, or the time is over. */
export type Delivery = {
  readonly url: string;
  /** As they are sent; the message's own come on top. */
  readonly headers: Readonly<Record<string, string>>;
  readonly json: unknown;
  /** Key of the signature, or null. */
  readonly secret: Secret | null;
  readonly ca: string | null;
  /** How long one try may take, and all of them with the pauses between them. */
  readonly timeoutMs: Ms;
  readonly deadlineMs: Ms;
};

const FIRST_PAUSE_MS: Ms = 500;
const LONGEST_PAUSE_MS: Ms = 30_000;
/** Answers that say "not now" instead of "no". */
const LATER = [408, 425, 429];

/**
 * Posts until there is an answer: 2xx is yes, and 3xx and 4xx are no, but for 408, 425 and 429. Those, 5xx and no answer at all are tried
 * again after a pause that doubles, until the deadline. Rejects with an `Unaskable` where it cannot even be tried.
 */
export async function deliver(delivery: Delivery, confidence: Confidence, times: Times, signal: AbortSignal): Promise<HookEnd> {
  const url = addressOf(delivery.url, confidence);
  const ca = delivery.ca === null ? null : await fileText(delivery.ca);
  const key = delivery.secret === null ? null : await confidence.secret(delivery.secret);
  const body = JSON.stringify(delivery.json);
  for (const [name, value] of Object.entries(delivery.headers)) refuseHeader(name, value);
  const end = times.wall() + delivery.deadlineMs;
  for (let tries = 1; ; tries++) {
    const wall = times.wall();
    const headers = {
      ...delivery.headers,
      "content-type": "application/json",
      "user-agent": "sluice",
      ...(key === null ? {} : { "x-sluice-signature": signatureOf(body, key, wall) }),
    };
    const timeoutMs = Math.max(1, Math.min(delivery.timeoutMs, end - wall));
    const posted = await post({ url, headers, body, ca, timeoutMs }, signal);
    const pauseMs = pauseOf(posted, tries, times);
    if (pauseMs === null || signal.aborted) return endOf(posted, confidence, "");
    if (times.wall() + pauseMs >= end)
      return endOf(posted, confidence, `; given up after ${tries} tries in ${delivery.deadlineMs / 1_000} s`);
    await times.wait(pauseMs, signal);
    if (signal.aborted) return endOf(posted, confidence, "");
  }
}

function addressOf(text: string, confidence: Confidence): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Unaskable(`the address ${confidence.shown(text)} is none; it has to begin with http:// or https://`);
  return url;
}

function refuseHeader(name: string, value: string): void {
  if (/[^\t\u0020-\u007e\u0080-\u00ff]/.test(value))
    throw new Unaskable(`the header ${name} has characters that no header may have`);
}

/** How long to wait before the next try; null where there is an answer that stands. */
function pauseOf(posted: Posted, tries: number, times: Times): Ms | null {
  if (posted.is === "answered" && posted.status < 500 && !LATER.includes(posted.status)) return null;
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
  // Chance keeps many that failed together from coming back together.
  const pauseMs = Math.round(longest * (0.5 + times.random() / 2));
  const asked = posted.is === "answered" && /^\d{1,6}$/.test(posted.retryAfter) ? Number(posted.retryAfter) * 1_000 : 0;
  return Math.max(pauseMs, asked);
}

function endOf(posted: Posted, confidence: Confidence, given: string): HookEnd {
  if (posted.is === "unanswered") return { ok: false, text: confidence.shown(`${posted.reason}${given}`), output: "" };
  const { status } = posted;
  const output = shownEnd(posted.text, confidence);
  // Where it leads may hold a token, and so is not told.
  if (status >= 300 && status < 400)
    return { ok: false, text: `answered ${status}, a redirect; redirects are not followed`, output };
  const ok = status >= 200 && status < 300;
  const said = ok || output === "" ? "" : `: ${lastLine(output)}`;
  return { ok, text: `${confidence.shown(`answered ${status}${said}`)}${given}`, output };
}
