import { z } from "zod";

/** Whose token a request has, and what it may do. */
export const Whoami = z
  .object({
    name: z.string().describe("The actor of what is done with it."),
    scopes: z
      .array(z.enum(["read", "operate", "admin"]))
      .readonly()
      .describe("`operate` holds `read`, `admin` holds both."),
    services: z.array(z.string()).readonly().nullable().describe("The only services that it reaches; null for all of them."),
  })
  .readonly()
  .meta({ id: "Whoami" });
