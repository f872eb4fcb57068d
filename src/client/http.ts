import { SluiceError, type Wrong } from "./error.ts";

/** Where a controller is, and what opens it. */
export type Connection = {
  /** `http://host:port` or `https://…`, without a path. */
  readonly url: string;
  /** What messages call it. */
  readonly place: string;
  readonly token: string | null;
  /** Longest wait for an answer; streams have a watchdog of their own. */
  readonly timeoutMs: number;
  readonly fetch: Fetch;
};

/** The part of the global fetch that the client uses, so that something smaller can stand in for it. */
export type Fetch = (url: string, init: Init) => Promise<Answer>;

export type Init = {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly redirect: "error";
  readonly body?: string;
  readonly signal?: AbortSignal;
};

/** The part of fetch's `Response`; the body rejects with a `TypeError` where the connection is cut. */
export type Answer = Pick<Response, "ok" | "status" | "text" | "json"> & {
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
};

export type Ask = {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
};

/** Asks the API and reads the JSON of its answer. Rejects with a `SluiceError`, or with the reason of `signal`. */
export async function ask<T>(connection: Connection, path: string, options: Ask = {}): Promise<T> {
  const limit = AbortSignal.timeout(connection.timeoutMs);
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
  try {
    const response = await send(connection, path, { ...options, signal });
    return (await response.json().catch((error: unknown) => {
      throw error instanceof SyntaxError ? foreign(connection, response) : networkError(connection, error);
    })) as T;
  } catch (error) {
    if (options.signal?.aborted === true) throw options.signal.reason;
    throw error;
  }
}

/** The same without reading the body, for streams. */
export async function send(connection: Connection, path: string, options: Ask = {}): Promise<Answer> {
  const response = await reach(connection, path, options).catch((error: unknown) => {
    if (options.signal?.aborted === true && error instanceof Error && error.name === "AbortError") throw error;
    throw networkError(connection, error);
  });
  if (response.ok) return response;
  throw await refusal(connection, response);
}

function reach({ url, token, fetch }: Connection, path: string, options: Ask): Promise<Answer> {
  const headers: Record<string, string> = { accept: "application/json", ...options.headers };
  if (token !== null) headers.authorization = `Bearer ${token}`;
  if (options.body !== undefined) headers["content-type"] = "application/json";
  // A redirect would take the token to another host.
  const body = options.body === undefined ? {} : { body: JSON.stringify(options.body) };
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  return fetch(`${url}${path}`, { method: options.method ?? "GET", headers, redirect: "error", ...body, ...signal });
}

async function refusal(connection: Connection, response: Answer): Promise<SluiceError> {
  const found = parseProblem(await response.text().catch(() => ""));
  if (found !== null) return new SluiceError("refused", found.detail, { ...found, status: response.status });
  return foreign(connection, response);
}

function foreign({ place }: Connection, response: Answer): SluiceError {
  const { status } = response;
  const type = response.headers.get("content-type") ?? "no content type";
  const hint = "is another program listening there?";
  return new SluiceError("foreign", `${place} answered ${status} (${type}), not as Sluice does`, { status, hint });
}

type Document = {
  readonly code: string;
  readonly detail: string;
  readonly hint?: string | null;
  readonly errors?: readonly Wrong[];
  readonly instance?: string;
};

function parseProblem(text: string): Document | null {
  try {
    const body: unknown = JSON.parse(text);
    const is = typeof body === "object" && body !== null && "code" in body && "detail" in body;
    return is ? (body as Document) : null;
  } catch {
    return null;
  }
}

function networkError({ place, timeoutMs }: Connection, error: unknown): SluiceError {
  const cause = rootOf(error);
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : cause.name;
  if (code === "ECONNREFUSED" || (code === "ENOENT" && place.startsWith("unix:")))
    return new SluiceError("nobody", `no controller listens at ${place}`, { cause: error });
  const why = code === "TimeoutError" ? `no answer within ${timeoutMs / 1000} s` : cause.message || code;
  return new SluiceError("unreachable", `cannot reach the controller at ${place}: ${why}`, { cause: error });
}

/** What fetch wraps: a TypeError around the reason, which may hold one error for each address that was tried. */
function rootOf(error: unknown): Error {
  let at = error;
  while (at instanceof Error && at.cause instanceof Error) at = at.cause;
  if (at instanceof AggregateError && at.errors[0] instanceof Error) return at.errors[0];
  return at instanceof Error ? at : new Error(String(at));
}
