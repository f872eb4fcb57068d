import { z } from "zod";
import { AnyLimit, Cursor, NextCursor, ServiceName } from "./names.ts";

/** The wire shapes of tokens; the same as `core/token.ts`, which a test proves. Nothing but the answer to a creation has the token. */

const TokenName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, "must be lower-case letters, digits and -, starting with a letter, at most 40")
  .describe("Name of the token: the actor of what is done with it.");

const TokenScope = z.enum(["read", "operate", "admin"]).describe("`operate` holds `read`, `admin` holds both.");

const Services = z.array(z.string()).readonly().nullable().describe("The only services that it reaches; null for all of them.");

export const TokenView = z
  .object({
    name: z.string(),
    scope: TokenScope,
    services: Services,
    createdAt: z.string(),
    createdBy: z.string(),
    expiresAt: z.string().nullable(),
    lastUsedAt: z.string().nullable().describe("To the minute; null where it was never used."),
  })
  .readonly()
  .meta({ id: "Token", description: "A token, without the token itself: only a hash of that is kept." });

export const TokenList = z
  .object({ tokens: z.array(TokenView).readonly().describe("By name."), next: NextCursor })
  .readonly()
  .meta({ id: "TokenList" });

export const CreatedToken = z
  .object({ token: z.string().describe("The token. It is told this once."), about: TokenView })
  .readonly()
  .meta({ id: "CreatedToken" });

export const TokenQuery = z.object({ limit: AnyLimit, cursor: Cursor });

export const TokenPath = z.object({ token: TokenName });

/** Ten years. */
const LONGEST_MS = 3_653 * 24 * 60 * 60_000;

export const NewToken = z
  .strictObject({
    name: TokenName,
    scope: TokenScope,
    services: z.array(ServiceName).min(1).max(100).optional().describe("The only services that it is to reach; left out, all."),
    expiresInMs: z.number().int().min(1_000).max(LONGEST_MS).optional().describe("Left out, it holds until it is revoked."),
  })
  .refine(({ scope, services }) => scope !== "admin" || services === undefined, {
    path: ["services"],
    message: "cannot be given for the scope admin, which reaches everything",
  })
  .meta({ id: "NewToken" });
