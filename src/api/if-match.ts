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

/** The `ETag` header for a tag. */
export function eTag(tag: string): string {
  return `"${tag}"`;
}
