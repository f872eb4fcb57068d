import type { Route } from "../core/route.ts";
import type { ServiceName } from "../core/units.ts";
import { byService, type Parts, renderKey } from "./compose.ts";
import type { Manifest } from "./files.ts";
import type { Recovered } from "./recover.ts";

/** What lies on disk, what nginx may be serving, and what it is proved to serve. */
export class Standing {
  /** Whether workers see the tables; null until nginx said. */
  probe: boolean | null = null;
  #disk: Manifest | null;
  #may: readonly Manifest[];
  #rendered: ReadonlyMap<ServiceName, Route> | null = null;
  readonly #above: number;

  constructor(found: Recovered) {
    this.#disk = found.disk;
    this.#may = found.may;
    this.#above = found.above;
  }

  get disk(): Manifest | null {
    return this.#disk;
  }

  /** The routes that nginx is proved to serve; null while that is not known. */
  get rendered(): ReadonlyMap<ServiceName, Route> | null {
    return this.#rendered;
  }

  /** No generation number at or below this is free. */
  get above(): number {
    return Math.max(this.#above, ...this.#may.map((one) => Number.parseInt(one.generation, 10)));
  }

  /** A service's routes in every generation that nginx may be serving. */
  serving(service: ServiceName): readonly Route[] {
    return this.#may
      .flatMap((manifest) => byService(manifest.routes).get(service) ?? [])
      .filter((route) => route.shape.routing === "live");
  }

  /** Every service's route in each generation that nginx may be serving; null while it is not proved to serve any. */
  get generations(): readonly ReadonlyMap<ServiceName, Route>[] | null {
    return this.#rendered === null ? null : [this.#rendered, ...this.#may.map((manifest) => byService(manifest.routes))];
  }

  /** True where a way back is among what differs from what nginx serves. */
  isUrgent(parts: Parts): boolean {
    return parts.routes.some((route) => route.urgent && this.#differs(route));
  }

  /** Nginx may serve this too from now on; the answer takes that back, for where it was not signalled. */
  offer(manifest: Manifest): () => void {
    const before = this.#may;
    this.#may = [...new Set([...before, manifest])];
    return () => {
      this.#may = before;
    };
  }

  /** It lies on disk for an nginx that does not run. */
  place(manifest: Manifest): void {
    this.#disk = manifest;
    this.#may = [manifest];
  }

  prove(manifest: Manifest, rendered: ReadonlyMap<ServiceName, Route>, probe: boolean): void {
    this.place(manifest);
    this.#rendered = rendered;
    this.probe = probe;
  }

  /** Nothing differs on disk from what was rendered of these. */
  match(routes: readonly Route[]): void {
    this.#rendered = byService(routes);
  }

  /** What nginx serves is to be found out anew. */
  forget(): void {
    this.#rendered = null;
  }

  #differs(route: Route): boolean {
    const rendered = this.#rendered?.get(route.service);
    return rendered === undefined || renderKey(rendered) !== renderKey(route);
  }
}
