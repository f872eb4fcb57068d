import type { Problem } from "../api/schemas/problem.ts";
import type { Address } from "./address.ts";
import { EXIT } from "./exit.ts";
import { exitOfCode, Failure, NobodyThere } from "./failure.ts";
import { type Answer, exchange } from "./transport.ts";

export type Ask = {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
};

/** Longest wait for an answer; a stream is told apart by its own watchdog. */
const ANSWER_MS = 15_000;

/** Asks the API and reads the JSON of its answer; every other answer is a `Failure` in the API's own words. */
export async function ask<T>(address: Address, path: string, options: Ask = {}): Promise<T> {
  const limit = AbortSignal.timeout(ANSWER_MS);
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
  const response = await send(address, path, { ...options, signal });
  try {
    return (await response.json()) as T;
  } catch (error) {
    throw networkFailure(address, error);
  }
}

/** The same without reading the body, for streams. */
export async function send(address: Address, path: string, options: Ask = {}): Promise<Answer> {
  const response = await reach(address, path, options).catch((error: unknown) => {
    if (options.signal?.aborted === true && error instanceof Error && error.name === "AbortError") throw error;
    throw networkFailure(address, error);
  });
  if (response.ok) return response;
  throw await refusal(address, response);
}

async function reach(address: Address, path: string, options: Ask): Promise<Answer> {
  const headers: Record<string, string> = { accept: "application/json", ...options.headers };
  if (address.token !== null) headers.authorization = `Bearer ${address.token}`;
  if (options.body !== undefined) headers["content-type"] = "application/json";
  return exchange(`${address.url}${path}`, {
    method: options.method ?? "GET",
    headers,
    body: options.body === undefined ? null : JSON.stringify(options.body),
    socket: address.socket,
    signal: options.signal ?? null,
  });
}

async function refusal(address: Address, response: Answer): Promise<Failure> {
  const text = await response.text().catch(() => "");
  const problem = parseProblem(text);
  if (problem === null) {
    const type = response.headers.get("content-type") ?? "no content type";
    return new Failure(EXIT.unreachable, `${place(address)} answered ${response.status} (${type}), not as Sluice does`, {
      hint: "is another program listening there? check api.listen, --url and SLUICE_URL",
    });
  }
  const details = (problem.errors ?? [])
    .map((error) => `\n${error.in === "configuration" ? "" : `${error.pointer}: `}${error.detail}`)
    .join("");
  return new Failure(exitOfCode(problem.code, response.status), `${problem.detail}${details}`, {
    code: problem.code,
    hint: problem.hint ?? hintFor(response.status, address),
    status: response.status,
  });
}

function hintFor(status: number, address: Address): string | null {
  if (status !== 401) return null;
  return address.token === null
    ? "give a token with --token-file, SLUICE_TOKEN or SLUICE_TOKEN_FILE; the first start wrote one into the state folder"
    : "the token is not known there: is it of another controller?";
}

function parseProblem(text: string): Problem | null {
  try {
    const body: unknown = JSON.parse(text);
    const is = typeof body === "object" && body !== null && "code" in body && "detail" in body;
    return is ? (body as Problem) : null;
  } catch {
    return null;
  }
}

function networkFailure(address: Address, error: unknown): Failure {
  const cause = rootOf(error);
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : cause.name;
  const hint = "start it with `sluice serve`, or name another address with --url or SLUICE_URL";
  if (code === "ECONNREFUSED" || (code === "ENOENT" && address.socket !== null)) {
    return new NobodyThere(EXIT.unreachable, `no controller listens at ${place(address)}`, { cause: error, hint });
  }
  const why = code === "TimeoutError" ? `no answer within ${ANSWER_MS / 1000} s` : `${cause.message || code}`;
  return new Failure(EXIT.unreachable, `cannot reach the controller at ${place(address)}: ${why}`, { cause: error, hint });
}

/** The reason within what wraps it, which may hold one error for each address that was tried. */
function rootOf(error: unknown): Error {
  let at = error;
  while (at instanceof Error && at.cause instanceof Error) at = at.cause;
  if (at instanceof AggregateError && at.errors[0] instanceof Error) return at.errors[0];
  return at instanceof Error ? at : new Error(String(at));
}

export function place(address: Address): string {
  return address.socket === null ? address.url : `unix:${address.socket}`;
}
