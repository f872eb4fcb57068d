import type { Outcome } from "./rollout.ts";

/** A command that cannot be obeyed now, with the reason. */
export type Refused = Outcome & { is: "refused" };

export function refused(code: Refused["code"], reason: string, hint: string | null = null): Refused {
  return { is: "refused", code, reason, hint };
}
