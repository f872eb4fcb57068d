import { link } from "./link.ts";
import { who } from "./live.ts";
import type { May } from "./verbs.ts";

/** What this page may do now. */
export function mayNow(): May {
  return { operate: who.value?.scopes.some((scope) => scope !== "read") === true, live: link.value === "live" };
}
