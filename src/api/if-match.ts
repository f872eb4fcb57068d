import { ApiError } from "./problem.ts";

const TAG = /^(?:W\/)?"(?<tag>[\x21\x23-\x7e]*)"$/;

/** The tag of an `If-Match` header; null for none and for `*`, which any state matches. */
export function ifMatch(header: string | undefined): string | null {
  if (header === undefined || header === "*") return null;
  const tag = TAG.exec(header)?.groups?.tag;
  if (tag === undefined)
    throw new ApiError(
      "bad-header",
      "If-Match must be one entity tag in quotes, or *.",
      "Send the ETag of the service as it came.",
    );
  return tag;
}

/**
 * The tag for a call that may send somebody's rollout back (`replace`): a 428 where the caller does not say which state it saw, so that
 * nobody ends a rollout that they do not know of. `*` says that it does not matter which.
 */
export function lookedAt(header: string | undefined, { replace }: { readonly replace: boolean }): string | null {
  if (!replace || header !== undefined) return ifMatch(header);
  throw new ApiError(
    "precondition-required",
    "`replace` sends the rollout under way back, and the request does not say which one it saw.",
    "Send the ETag of the service in If-Match, or `If-Match: *` for whichever is under way.",
  );
}

/** The `ETag` header for a tag. */
export function eTag(tag: string): string {
  return `"${tag}"`;
}
