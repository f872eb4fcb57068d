import { compareClocks } from "./clock.ts";
import { token } from "./token.ts";

/** An answer that is an error, in the API's own words; `status` is 0 where there was no answer at all. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | null;

  constructor(status: number, code: string, detail: string, hint: string | null) {
    super(detail);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

export type Ask = {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
};

/** An answer that takes longer is as good as none: what is shown would be old. */
const ANSWER_MS = 8_000;

/** Asks the API and reads its JSON. Rejects with a `Problem`. */
export async function ask<T>(path: string, options: Ask = {}): Promise<T> {
  const limit = AbortSignal.timeout(ANSWER_MS);
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
  const response = await send(path, { ...options, signal });
  return (await response.json().catch((error: unknown) => {
    throw unreachable(error);
  })) as T;
}

/** The same without reading the body, for streams. */
export async function send(path: string, { method = "GET", body, headers = {}, signal }: Ask): Promise<Response> {
  const response = await fetch(path, {
    method,
    headers: {
      accept: "application/json",
      ...(token.value === "" ? {} : { authorization: `Bearer ${token.value}` }),
      ...(method === "GET" ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal ?? null,
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
  }).catch((error: unknown) => {
    throw unreachable(error);
  });
  compareClocks(response.headers.get("date"));
  if (!response.ok) throw await problemOf(response);
  return response;
}

function unreachable(error: unknown): Problem {
  const late = error instanceof Error && error.name === "TimeoutError";
  return new Problem(0, "unreachable", late ? "the controller does not answer" : "the controller cannot be reached", null);
}

async function problemOf(response: Response): Promise<Problem> {
  const said = (await response.json().catch(() => ({}))) as Partial<Record<"code" | "detail" | "hint", string>>;
  return new Problem(
    response.status,
    said.code ?? "unknown",
    said.detail ?? `the answer was ${response.status}`,
    said.hint ?? null,
  );
}
