import { z } from "zod";
import { AnyLimit, Cursor, MemberAddress, NextCursor } from "./names.ts";
import { RolloutView, Shares } from "./rollout.ts";

/** The wire shapes of services; the same as `ServiceView`, which a test proves. */

const Health = z
  .enum(["ready", "down", "unknown", "kept"])
  .describe("`kept`: down, yet the last of its pool, so that nginx still gets it.");

const EndpointView = z
  .object({ address: z.string().describe("`ip:port`."), health: Health, reason: z.string().nullable() })
  .readonly();

export const MemberView = z
  .object({
    address: z.string().describe("`host:port` as configured."),
    state: z.enum(["ready", "draining", "down"]).describe("What a person or a rollout says of it."),
    health: Health,
    reason: z.string().nullable(),
    inFlight: z
      .number()
      .nullable()
      .describe(
        "Connections of nginx's workers to it, summed over every nginx and address. Of a member that is out: the requests in flight, 0 only once " +
          "nginx is proved to have it out. Of one that is in, idle keep-alive connections count too, and it is some seconds old. Null where it is not known.",
      ),
    endpoints: z.array(EndpointView).readonly().describe("The addresses that it resolves to."),
  })
  .readonly()
  .meta({ id: "Member" });

export const PoolView = z
  .object({
    members: z.array(MemberView).readonly(),
    from: z.enum(["config", "api"]).describe("Where the list of members comes from."),
  })
  .readonly()
  .meta({ id: "Pool" });

export const TargetView = z
  .object({
    name: z.string(),
    generation: z.string().describe("The rendered configuration that every worker serves; empty where none was proved yet."),
    state: z.enum(["applied", "applying", "refused", "blocked"]),
    reason: z.string().nullable(),
    lingering: z.number().describe("Generations of workers that are still shutting down."),
  })
  .readonly()
  .meta({ id: "Target", description: "One nginx that Sluice drives." });

export const ServiceView = z
  .object({
    name: z.string(),
    routing: z.enum(["weighted", "live"]),
    stable: z.string().describe("The pool that carries the traffic."),
    candidate: z.string().nullable().describe("The pool that the rollout under way moves traffic to."),
    wanted: z.object({ shares: Shares }).readonly(),
    applied: z
      .object({
        shares: Shares.nullable().describe("What every nginx is proved to serve; null where none was proved yet."),
        generation: z.string(),
        at: z.string().nullable(),
        targets: z.array(TargetView).readonly(),
      })
      .readonly(),
    observed: z
      .object({
        shares: Shares,
        requests: z.number().describe("Scaled up where only a part is written down."),
        windowMs: z.number(),
        sample: z.number().describe("The part of the requests that is written down, in basis points."),
      })
      .readonly()
      .nullable()
      .describe("What requests were seen to do; null until a source counts them."),
    pools: z.record(z.string(), PoolView).readonly(),
    rollout: RolloutView.nullable().describe("The rollout under way, or the newest that ended."),
    etag: z
      .string()
      .describe(
        "The entity tag for `If-Match`; it changes with the rollout and with members that are set or taken out, not with health.",
      ),
  })
  .readonly()
  .meta({ id: "Service" });

export const ServiceList = z
  .object({ services: z.array(ServiceView).readonly(), next: NextCursor })
  .readonly()
  .meta({ id: "ServiceList" });

/** The answer to a start towards the pool that is stable already: nothing was done, and it says so. */
export const AlreadyStable = z
  .object({ code: z.literal("already-stable"), text: z.string(), service: ServiceView })
  .readonly()
  .meta({ id: "AlreadyStable" });

export const ServiceQuery = z.object({
  limit: AnyLimit,
  cursor: Cursor,
});

export const MembersBody = z
  .array(MemberAddress)
  .min(1)
  .max(512)
  .refine((members) => new Set(members).size === members.length, "must not name a member twice")
  .meta({ id: "Members" });
