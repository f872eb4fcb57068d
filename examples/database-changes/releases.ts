import type { DatabaseSync } from "node:sqlite";
import type { People } from "./people.ts";
import { peopleV1 } from "./people-v1.ts";
import { peopleV2 } from "./people-v2.ts";
import { peopleV3 } from "./people-v3.ts";

/** What a version of the application does, and which columns of `people` it cannot do without. */
export type Release = { readonly needs: readonly string[]; readonly people: (database: DatabaseSync) => People };

export const RELEASES = {
  v1: { needs: ["name"], people: peopleV1 },
  v2: { needs: ["name", "given_name", "family_name"], people: peopleV2 },
  v3: { needs: ["given_name", "family_name"], people: peopleV3 },
} as const satisfies Readonly<Record<string, Release>>;

export type Version = keyof typeof RELEASES;

/** Throws where a text names no release. */
export function versionOf(text: string | undefined): Version {
  if (text !== undefined && Object.hasOwn(RELEASES, text)) return text as Version;
  throw new Error(`${text ?? "nothing"} is no version: it is one of ${Object.keys(RELEASES).join(", ")}`);
}
