import { isIPv6 } from "node:net";
import { z } from "zod";

/**
 * The names that come in through paths, queries and bodies: all of them are typed and bounded here, so that nothing that a
 * client writes reaches nginx, a log line or a terminal as anything but a name.
 */

/** Longest path parameter: a host name of 253 characters, a colon and a port, percent-encoded where it is an IPv6 address. */
export const LONGEST_NAME = 300;

const LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const PORT = "(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})";
/** Resolvers take names whose last label is a number (`127.1`, `0x7f000001`) as addresses, so they are no names here. */
const NUMBER_LAST = "(?:[^:]*\\.)?(?:[0-9]+|0[xX][0-9A-Fa-f]*):";
const NAME = `(?!${NUMBER_LAST})(?=.{1,253}:)${LABEL}(?:\\.${LABEL})*`;
const IPV4 = `${OCTET}(?:\\.${OCTET}){3}`;
const IPV6 = "\\[(?=[^\\]]*:)[0-9A-Fa-f:.]{2,45}\\]";
const MEMBER = new RegExp(`^(?:${NAME}|${IPV4}|${IPV6}):${PORT}$`);
/** Anything that a terminal or a log line shows as it is. */
const TEXT = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u;

export const ServiceName = z.string().min(1).max(LONGEST_NAME).describe("Name of a service, as configured.");
export const PoolName = z.string().min(1).max(LONGEST_NAME).describe("Name of a pool of the service.");
const MEMBER_RULE =
  "must be host:port, where host is a name, an IPv4 address or an IPv6 address in brackets, and port is 1 to 65535";

function bracketsHoldAnAddress(member: string): boolean {
  return !member.startsWith("[") || isIPv6(member.slice(1, member.indexOf("]")));
}

export const MemberAddress = z
  .string()
  .regex(MEMBER, MEMBER_RULE)
  .refine(bracketsHoldAnAddress, MEMBER_RULE)
  .describe("`host:port`; the host is a name, an IPv4 address, or an IPv6 address in brackets.");
/** Not as a `pattern`: what `\p{Cc}` means there depends on who reads it. */
export const Text = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => TEXT.test(text), "must not contain control characters or line breaks");
export const Limit = z.coerce.number().int().min(1).max(500).default(50).describe("How many to answer at most.");
export const AnyLimit = z.coerce
  .number()
  .int()
  .min(1)
  .max(500)
  .optional()
  .describe("How many to answer at most; left out, all of them.");
export const Cursor = z.string().min(1).max(500).optional().describe("The `next` of the page before; left out, the first page.");
export const NextCursor = z.string().nullable().describe("The `cursor` of the next page; null at the end.");
export const Seq = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const AfterSeq = Seq.default(0).describe("Only events whose `seq` is above this; 0 starts at the first.");

export const ServicePath = z.object({ service: ServiceName });
export const PoolPath = z.object({ service: ServiceName, pool: PoolName });
export const MemberPath = z.object({ service: ServiceName, pool: PoolName, member: MemberAddress });
export const ROLLOUT_ID = /^[A-Za-z0-9._-]+$/;

export const RolloutPath = z.object({
  id: z
    .string()
    .regex(ROLLOUT_ID, "is not an id such as `web-12`")
    .max(LONGEST_NAME)
    .describe("Id of a rollout, such as `web-12`."),
});
