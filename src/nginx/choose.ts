import type { Route } from "../core/route.ts";
import type { ServiceName } from "../core/units.ts";
import { culprits } from "./bisect.ts";
import { byService, changesOf, type Parts, stubsFor, substitute } from "./compose.ts";
import type { Manifest } from "./files.ts";
import type { RenderedSet } from "./render.ts";
import { RenderError } from "./render-error.ts";

/** A set that can go on, what it was rendered from, and the services whose change it leaves out, with why. */
export type Chosen =
  | {
      readonly is: "chosen";
      readonly set: RenderedSet;
      readonly parts: Parts;
      readonly refused: ReadonlyMap<ServiceName, string>;
    }
  /** Bad even without any of the changes: the fault is not in them. */
  | { readonly is: "hopeless"; readonly text: string };

export type Chooser = {
  readonly parts: Parts;
  /** What is on disk, and was good. */
  readonly disk: Manifest | null;
  readonly render: (parts: Parts) => RenderedSet;
  /** Null where the set is good, else what is wrong with it, fit to be shown. */
  readonly test: (set: RenderedSet, parts: Parts) => Promise<string | null>;
};

/** The largest part of the changes that can be rendered and passes the test. */
export async function choose(chooser: Chooser): Promise<Chosen> {
  const refused = new Map<ServiceName, string>();
  const first = rendered(chooser, chooser.parts, refused);
  const text = await chooser.test(first.set, first.parts);
  if (text === null) return { is: "chosen", ...first, refused };
  const changed = new Set(changesOf(first.parts, chooser.disk).map((change) => change.service));
  const changes = first.parts.routes.filter((route) => changed.has(route.service));
  let stubbed = true;
  const trial = async (some: readonly Route[]) => {
    const { set, parts } = rendered(chooser, without(chooser, first.parts, changes, some, stubbed), new Map());
    return chooser.test(set, parts);
  };
  let rest = await trial([]);
  if (rest !== null && chooser.disk !== null) {
    // A new service's name may clash with something of the user's, and so does a stub that bears it.
    stubbed = false;
    rest = await trial([]);
  }
  if (rest !== null) return { is: "hopeless", text: rest };
  for (const [route, said] of await culprits(changes, text, trial)) refused.set(route.service, said);
  const kept = changes.filter((route) => !refused.has(route.service));
  return { is: "chosen", ...rendered(chooser, without(chooser, first.parts, changes, kept, stubbed), refused), refused };
}

/** `parts` with only `some` of the `changes`; the other services as they were. */
function without(chooser: Chooser, parts: Parts, changes: readonly Route[], some: readonly Route[], stubbed: boolean): Parts {
  const left = new Set(changes.filter((route) => !some.includes(route)).map((route) => route.service));
  return instead(chooser, parts, left, stubbed);
}

/** `stubbed`: what was never rendered gets files that lead nowhere, for a configuration of the user's that includes them already. */
function instead({ disk }: Chooser, parts: Parts, left: ReadonlySet<ServiceName>, stubbed: boolean): Parts {
  const good = byService(disk?.routes ?? []);
  const routes = parts.routes.flatMap((route) => {
    if (!left.has(route.service)) return [route];
    const other = substitute(route, good.get(route.service));
    return other === null ? [] : [other];
  });
  const known = { routes: disk?.routes ?? [], stubs: [...(disk?.stubs ?? []), ...(stubbed ? parts.stubs : [])] };
  return { routes, stubs: stubsFor(routes, stubbed ? parts.routes : [], known) };
}

/** Renders; a service whose value cannot be rendered is left out, and told of in `refused`. */
function rendered(
  chooser: Chooser,
  parts: Parts,
  refused: Map<ServiceName, string>,
): { readonly set: RenderedSet; readonly parts: Parts } {
  const left = new Set<ServiceName>();
  for (let now = parts; ; now = instead(chooser, parts, left, true)) {
    try {
      return { set: chooser.render(now), parts: now };
    } catch (error) {
      if (!(error instanceof RenderError) || error.service === null) throw error;
      // The last good part of a service cannot be at fault twice: then something else is, and it is not ours to hide.
      if (left.has(error.service)) throw error;
      left.add(error.service);
      refused.set(error.service, error.message);
    }
  }
}
