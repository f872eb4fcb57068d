import { expect, test } from "vitest";
import type { RevisionView } from "../../src/core/view.ts";
import { previousOf } from "../../src/dashboard/revisions.ts";
import { revisionView } from "../support/views.ts";

const blue = (number: number, more: Partial<RevisionView> = {}) => revisionView(number, { to: "blue", stable: "blue", ...more });
const numberOf = (all: readonly RevisionView[], pool: string) => previousOf(all, pool)?.number ?? null;

test("an undo goes back to what was stable before and is something else", () => {
  expect(numberOf([revisionView(1), revisionView(0)], "green")).toBe(0);
  expect(numberOf([revisionView(0)], "blue")).toBeNull();
  expect(numberOf([], "blue")).toBeNull();
});

test("not to one that went back, nor to one that updated a pool without traffic", () => {
  const reverted = revisionView(3, { stable: "blue", result: "reverted" });
  const aside = revisionView(2, { stable: "blue", strategy: "rolling" });
  expect(numberOf([reverted, aside, blue(1), revisionView(0, { to: "green", stable: "green" })], "blue")).toBe(0);
});

test("not to the same again: the same version, or a revision that was itself gone back to", () => {
  expect(numberOf([blue(3, { version: "v1" }), revisionView(2), blue(1, { version: "v1" }), revisionView(0)], "blue")).toBe(2);
  const nameless = { version: null } as const;
  expect(numberOf([blue(2, { ...nameless, undoes: 0 }), revisionView(1), revisionView(0)], "blue")).toBe(1);
  expect(numberOf([blue(2, { ...nameless, undoes: 0 }), revisionView(0)], "blue")).toBeNull();
});

test("to what is stable itself, where members were left on what was to be reverted", () => {
  const half = blue(2, { strategy: "rolling", result: "reverted", left: ["127.0.0.1:8001"] });
  expect(numberOf([half, blue(1), revisionView(0)], "blue")).toBe(1);
});
