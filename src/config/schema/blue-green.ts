import { DEFAULTS } from "../defaults.ts";
import { checks, hold } from "./check.ts";
import { block, duration, headerName, orNull, period } from "./fields.ts";

const preview = block("preview", "Let a header reach the candidate before anybody else does (`routing: live` only).", {
  header: headerName("Requests with this header and the value `always` go to the candidate."),
  for: orNull(period("How long the preview lasts; until `sluice advance` where left out.")),
}).transform(({ header, for: forMs }) => ({ header, forMs }));

export const blueGreen = block("blueGreen", "How a blue-green rollout (and `sluice switch`) moves the traffic.", {
  preview: orNull(preview),
  checks,
  hold: hold.prefault({}),
  bake: duration(
    "How long the candidate keeps all the traffic, reversible at once, before it becomes nginx's rendered default.",
  ).prefault(DEFAULTS.blueGreen.bake),
}).transform(({ bake, ...rest }) => ({ ...rest, bakeMs: bake }));
