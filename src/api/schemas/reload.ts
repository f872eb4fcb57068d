import { z } from "zod";

/** Which services a changed configuration changed; the same as `core/view.ts` `ReloadView`, which a test proves. */
export const ReloadView = z
  .object({
    added: z.array(z.string()).readonly(),
    changed: z.array(z.string()).readonly(),
    removed: z.array(z.string()).readonly(),
    warnings: z.array(z.string()).readonly().describe("What can be used as it is and is probably not meant."),
  })
  .readonly()
  .meta({ id: "Reload" });

export const ReloadBody = z.object({});
