import type * as z from "zod";
import type { Problem } from "./errors.ts";
import type { api } from "./schema/api.ts";
import type { history } from "./schema/history.ts";
import type { target } from "./schema/nginx.ts";
import type { notify } from "./schema/notify.ts";
import type { service } from "./schema/service.ts";

/** One nginx to drive. Folders and files are absolute; `status` is `host:port`. */
export type NginxTarget = z.output<typeof target> & { readonly name: string };

/** One service, with every default filled in. It has the shape of the core's `ServiceSettings`. */
export type Service = Omit<z.output<typeof service>, "targets" | "metrics"> & {
  readonly name: string;
  readonly targets: readonly string[];
  readonly metrics: Readonly<Record<string, z.output<typeof service>["metrics"][string] & { readonly name: string }>>;
};

/** Somebody who is told of rollouts. It has the shape of the core's `Notifier`. */
export type Notifier = z.output<typeof notify>[number];

/** A whole configuration, with every default filled in and every path absolute. */
export type Config = {
  readonly api: z.output<typeof api>;
  readonly state: string;
  readonly history: z.output<typeof history>;
  /** By name; `local` where the file has one block only. */
  readonly nginx: Readonly<Record<string, NginxTarget>>;
  /** The folder of the user's own templates, or null. */
  readonly templates: string | null;
  /** Times without rollouts of any service; each service has them among its own, too. */
  readonly freeze: Service["freezes"];
  readonly notify: readonly Notifier[];
  readonly services: Readonly<Record<string, Service>>;
  /** What can be used as it is and is probably not meant. */
  readonly warnings: readonly Problem[];
};

/** A configuration without its warnings: what the rules between its parts look at. */
export type Settings = Omit<Config, "warnings">;
