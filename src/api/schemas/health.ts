import { z } from "zod";

export const Alive = z
  .object({ status: z.literal("ok"), version: z.string() })
  .readonly()
  .meta({ id: "Alive" });

export const Ready = z
  .object({ ready: z.literal(true), problems: z.array(z.string()).readonly() })
  .readonly()
  .meta({ id: "Ready" });
