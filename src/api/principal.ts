import type { Actor } from "../core/control.ts";
import type { Scope } from "../core/token.ts";
import { ApiError } from "./problem.ts";

/** Who a request comes from; `services` are the only ones that it reaches, null for all. */
export type Principal = Actor & { readonly scopes: readonly Scope[]; readonly services: readonly string[] | null };

/** Whose token it is, or whose it was until its time was over (`at`); null for a token that nobody knows. */
export type Verified = Principal | { readonly expired: string; readonly at: string } | null;

/** What a token with each scope may do. */
export const HOLDS: Readonly<Record<Scope, readonly Scope[]>> = {
  read: ["read", "operate", "admin"],
  operate: ["operate", "admin"],
  admin: ["admin"],
};

/** The answer to a token that is for other services. */
export function outOfReach({ name, services }: Principal): ApiError {
  const only = (services ?? []).join(", ");
  return new ApiError(
    "forbidden",
    `The token ${name} is for ${only} alone.`,
    "Take a token that is not limited to other services.",
  );
}
