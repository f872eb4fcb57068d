import { StoreError } from "../core/errors.ts";
import { ROLLOUT_SCHEMA, type Rollout } from "../core/rollout.ts";
import type { Json } from "../core/units.ts";

/** A rollout as some version of Sluice stored it. */
type Stored = Rollout & { readonly schema: number };

/** What brings a stored rollout from one form to the next; the first brings those of form 1 to form 2. Never change one: add another. */
const MIGRATIONS: readonly ((rollout: Stored) => Stored)[] = [
  (rollout) => {
    const plan = rollout.plan.map((step) => ({ ...step, batch: step.batch ?? null }));
    const later = rollout.later ?? { afterRevert: [], onFailed: [] };
    const { rolling = null, backFrom = null, replaced = null, freezes = [], undo = null } = rollout;
    // Which hooks had ended well was not written down: all that had begun counted.
    const known = rolling === null ? null : { ...rolling, deployed: rolling.deployed ?? rolling.touched };
    return { ...rollout, plan, rolling: known, backFrom, replaced, later, freezes, undo };
  },
];

/** A rollout in the form that this version knows. Throws a `StoreError` of one that a newer version wrote. */
export function storedRollout(value: Json): Rollout {
  const stored = value as unknown as Stored;
  if (stored.schema > ROLLOUT_SCHEMA)
    throw new StoreError(
      "foreign",
      `a newer Sluice wrote the rollout ${stored.id} (form ${stored.schema}, this one knows ${ROLLOUT_SCHEMA}); run that Sluice instead`,
    );
  const newest = MIGRATIONS.slice(stored.schema - 1).reduce((rollout, migrate) => migrate(rollout), stored);
  return { ...newest, schema: ROLLOUT_SCHEMA };
}
