import { expect, test } from "vitest";
import { storedRollout } from "../../src/controller/stored-rollout.ts";
import { ROLLOUT_SCHEMA } from "../../src/core/rollout.ts";
import type { Json } from "../../src/core/units.ts";
import { RollingStory } from "../core/rolling-story.ts";
import { Story } from "../core/story.ts";

const asJson = (value: unknown) => JSON.parse(JSON.stringify(value)) as Record<string, Json>;

test("a rollout is read as it was stored", () => {
  const { rollout } = new Story().applied();
  expect(storedRollout(asJson(rollout))).toEqual(asJson(rollout));
});

test("one of the first form knows nothing of what came later, and is brought to the newest form", () => {
  const { replaced: _, backFrom: __, later: ___, undo: ____, freezes: _____, ...first } = asJson(new Story().applied().rollout);
  expect(storedRollout({ ...first, schema: 1 })).toMatchObject({
    schema: ROLLOUT_SCHEMA,
    replaced: null,
    backFrom: null,
    later: { afterRevert: [], onFailed: [] },
    undo: null,
    freezes: [],
  });
});

test("of a member whose hook had begun, the first form said that it runs the new version", () => {
  const stored = asJson(new RollingStory().drained().rollout);
  const { deployed: _, ...rolling } = stored.rolling as Record<string, Json>;
  expect(storedRollout({ ...stored, schema: 1, rolling }).rolling?.deployed).toEqual(["a:1"]);
});

test("one that a newer Sluice wrote is left alone", () => {
  const newer = { ...asJson(new Story().rollout), schema: ROLLOUT_SCHEMA + 1 };
  expect(() => storedRollout(newer)).toThrow(/a newer Sluice wrote the rollout web-1 \(form 3, this one knows 2\)/);
});
