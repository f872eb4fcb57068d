import type { FastifyReply, FastifyRequest } from "fastify";
import { ApiError } from "./problem.ts";

/**
 * Pages of a list: `next` in the body is the cursor of the page after it, and a `Link` header (RFC 8288) its whole address.
 *
 * A cursor names the last item that the reader has, so that items which are added meanwhile are neither lost nor doubled. What is in
 * it is nobody's business, so that it may change.
 */
export function cursorTo(last: string): string {
  return Buffer.from(last).toString("base64url");
}

/** What a cursor names; null where there is none. A cursor that no page gave is a 422 by its name. */
export function fromCursor(cursor: string | undefined, form: RegExp): string | null {
  if (cursor === undefined) return null;
  const last = Buffer.from(cursor, "base64url").toString();
  if (form.test(last) && cursorTo(last) === cursor) return last;
  const errors = [{ in: "query" as const, pointer: "/cursor", detail: "is not the `next` of a page" }];
  throw new ApiError("invalid", "The request is not valid: query/cursor: is not the `next` of a page.", "Begin anew.", errors);
}

/** Says in the `Link` header where the next page is, and answers its cursor; null at the end, where `last` is. */
export function linkNext(request: FastifyRequest, reply: FastifyReply, last: string | null): string | null {
  if (last === null) return null;
  const next = cursorTo(last);
  const [path = "", query] = request.url.split("?");
  const asked = new URLSearchParams(query);
  for (const start of ["after", "before"]) asked.delete(start);
  asked.set("cursor", next);
  reply.header("link", `<${path}?${asked}>; rel="next"`);
  return next;
}

type NamePage = FastifyRequest<{ Querystring: { readonly limit?: number | undefined; readonly cursor?: string | undefined } }>;

/**
 * A page of things that have names, all of them where neither a limit nor a cursor is given: by name, so that one that comes or goes
 * meanwhile moves no other to another page.
 */
export function pageByName<const K extends string, T extends { readonly name: string }>(
  request: NamePage,
  reply: FastifyReply,
  key: K,
  all: readonly T[],
): { readonly [P in K]: readonly T[] } & { readonly next: string | null } {
  const { limit, cursor } = request.query;
  const answer = (items: readonly T[], next: string | null) => ({ [key]: items, next }) as ReturnType<typeof pageByName<K, T>>;
  if (limit === undefined && cursor === undefined) return answer(all, null);
  const last = fromCursor(cursor, /^[a-z][a-z0-9-]{0,39}$/) ?? "";
  const rest = all.filter(({ name }) => name > last).sort((one, other) => (one.name < other.name ? -1 : 1));
  const items = rest.slice(0, limit);
  return answer(items, linkNext(request, reply, items.length < rest.length ? (items.at(-1)?.name ?? null) : null));
}
