import type * as z from "zod";
import { DEFAULTS } from "../defaults.ts";
import { api } from "./api.ts";
import { block, named, path } from "./fields.ts";
import { freezes } from "./freeze.ts";
import { history } from "./history.ts";
import { nginx, target, targets, templates } from "./nginx.ts";
import { notify } from "./notify.ts";
import { service } from "./service.ts";

const shapeWith = <N extends z.core.SomeType>(nginxBlock: N) => ({
  api: api.prefault({}),
  state: path("The folder of the state and the token; only Sluice's user may read it.").prefault(DEFAULTS.state),
  history: history.prefault({}),
  nginx: nginxBlock,
  templates,
  freeze: freezes("Times in which no rollout of any service starts or goes forward; aborts and commits are not held."),
  notify,
  services: named("The name of a service.", service, "a block of named services").describe("The services, by name."),
});

const described = ["sluice.yaml", "The configuration of Sluice."] as const;

/** A file whose `nginx:` is one block, which is what a missing one means too. */
export const fileOfOne = block(...described, shapeWith(target.prefault({})));

/** A file whose `nginx:` is a map of named blocks. */
export const fileOfSeveral = block(...described, shapeWith(targets));

/** Any file, for editors. */
export const file = block(...described, shapeWith(nginx.prefault({})));

/** What the schema makes of a file, before names, folders and the rules between its parts come in. */
export type Parsed = z.output<typeof file>;
