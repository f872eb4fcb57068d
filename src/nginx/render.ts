import type { Route } from "../core/route.ts";
import type { Routing } from "../core/service.ts";
import type { ServiceName } from "../core/units.ts";
import type { Capabilities } from "./capabilities.ts";
import type { Templates } from "./template.ts";

/** What is the same for all services of one nginx. Paths are absolute. */
export type Site = {
  /** The folder of the tables. */
  readonly tables: string;
  /** Where the status server listens: a loopback `host:port` or `unix:` and a path. */
  readonly status: string;
  /** The file whose presence makes nginx close keep-alive connections gracefully. */
  readonly closingFlag: string;
  readonly capabilities: Capabilities;
};

/** A service that was removed, and that the user's nginx configuration may still name. */
export type Stub = { readonly service: ServiceName; readonly routing: Routing };

export type RenderInput = { readonly site: Site; readonly routes: readonly Route[]; readonly stubs: readonly Stub[] };

/** All files of a generation, by name, apart from the generation's number. */
export type RenderedSet = {
  /** Eight hexadecimal digits over names and bytes, without the generation. */
  readonly hash: string;
  /** The files with `generation` (`number-hash`) written into them, in the order of their names. */
  files(generation: string): ReadonlyMap<string, string>;
};

/** Renders and checks a set. Throws a `RenderError` that names the service whose value is at fault. */
export function render(_input: RenderInput, _templates: Templates): RenderedSet {
  throw new Error("not there yet");
}

/** Renders and checks the files of one service alone: to find out whose value makes a set fail. */
export function renderService(_site: Site, _route: Route, _templates: Templates): ReadonlyMap<string, string> {
  throw new Error("not there yet");
}
