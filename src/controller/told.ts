import type { Route } from "../core/route.ts";
import type { TargetName } from "../core/units.ts";
import type { Cell } from "./cell.ts";

/**
 * What targets were told of each service last.
 *
 * Most changes are of members that were seen, and no news to a target: telling it of all services is what costs among thousands.
 */
export class Told {
  readonly #last = new WeakMap<Cell, { readonly route: Route; readonly moves: boolean }>();

  /** The targets of these names, or all, are told of all services now. */
  note(cells: readonly Cell[], names: readonly TargetName[] | null): void {
    for (const cell of cells) {
      const all = names === null || cell.settings.targets.every((target) => names.includes(target));
      if (all) this.#last.set(cell, { route: cell.record.route, moves: cell.rollout !== null });
    }
  }

  /** True where the service has another route, or a rollout is or was under way: then what may come next has changed, too. */
  isNews(cell: Cell): boolean {
    const last = this.#last.get(cell);
    return cell.rollout !== null || last === undefined || last.moves || last.route !== cell.record.route;
  }
}
