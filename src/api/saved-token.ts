import { z } from "zod";
import { StoreError } from "../core/errors.ts";
import type { Json } from "../core/units.ts";

/** A token as the store keeps it: the hash alone, since a random token of 256 bits needs no salt and no slow function. */
const Saved = z.object({
  name: z.string(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  scope: z.enum(["read", "operate", "admin"]),
  services: z.array(z.string()).readonly().nullable(),
  createdAt: z.number(),
  createdBy: z.string(),
  expiresAt: z.number().nullable(),
});

export type SavedToken = z.output<typeof Saved>;

/** Throws a `StoreError` where the store holds something else under a token's name: a token must not be let in half read. */
export function readToken(name: string, value: Json): SavedToken {
  const read = Saved.safeParse(value);
  if (read.success && read.data.name === name) return read.data;
  throw new StoreError("foreign", `what is stored as the token ${name} is none of this version of Sluice`);
}
