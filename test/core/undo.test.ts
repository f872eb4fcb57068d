import { describe, expect, it } from "vitest";
import type { Refusal } from "../../src/core/errors.ts";
import type { Revision } from "../../src/core/revision.ts";
import type { Readiness } from "../../src/core/rollout.ts";
import type { RollingSettings } from "../../src/core/service.ts";
import { type WayBack, wayBackTo } from "../../src/core/undo.ts";
import { ROLLING } from "./rolling-story.ts";
import { settings } from "./story.ts";

const MEMBERS: Readonly<Record<string, readonly string[]>> = { blue: ["b:1", "b:2"], green: ["g:1"] };
const READY: Readiness = { ready: 2, of: 2, unknown: 0, reason: null };
const SLOW: Readiness = { ready: 1, of: 2, unknown: 1, reason: null };

/** A revision that became stable, unless `more` says otherwise. */
function became(number: number, to: string, version: string | null, more: Partial<Revision> = {}): Revision {
  return {
    number,
    rollout: `web-${number}`,
    strategy: "blue-green",
    version,
    from: null,
    to,
    stable: to,
    members: MEMBERS[to] ?? [],
    brings: number,
    undoes: null,
    reason: null,
    result: "promoted",
    cause: null,
    left: [],
    startedBy: "ann",
    startedAt: 0,
    endedAt: 1,
    ...more,
  };
}

type Given = { rolling?: RollingSettings; ready?: Readiness; revision?: number; members?: readonly string[] };

/** The history is told oldest first. */
function undo(history: readonly Revision[], { rolling, ready = READY, revision, members }: Given = {}): WayBack {
  const stable = history.at(-1)?.stable ?? "blue";
  return wayBackTo(revision ?? null, history.toReversed(), {
    settings: { ...settings({}), rolling: rolling ?? null },
    stable,
    readiness: { blue: ready, green: ready },
    members: (pool) => members ?? MEMBERS[pool] ?? [],
  });
}

function refused(...args: Parameters<typeof undo>): string {
  try {
    return `not refused: ${JSON.stringify(undo(...args))}`;
  } catch (error) {
    const { code, message } = error as Refusal;
    return `${code}: ${message}`;
  }
}

const FIRST = became(0, "blue", null, { rollout: null, strategy: null, result: "initial" });
const GREEN = became(1, "green", "v1");

describe("an undo goes back", () => {
  it("at once, to a pool that is all ready", () => {
    expect(undo([FIRST, GREEN])).toEqual({
      undo: { revision: 0, brings: 0 },
      strategy: "blue-green",
      to: "blue",
      version: null,
      instant: true,
    });
  });

  it("by the strategy of the revision where the pool is not", () => {
    expect(undo([FIRST, GREEN], { ready: SLOW })).toMatchObject({ strategy: "canary", instant: false });
    expect(undo([became(0, "green", null), became(1, "blue", "v1"), became(2, "green", "v2")], { ready: SLOW })).toMatchObject({
      strategy: "blue-green",
      instant: false,
    });
  });

  it("past what was reverted, what only prepared the other pool, and what brought the same", () => {
    const same = became(3, "green", "v1", { brings: 1, undoes: 1 });
    const reverted = became(4, "blue", null, { result: "reverted", stable: "green", brings: 0 });
    expect(undo([FIRST, GREEN, same, reverted])).toMatchObject({ undo: { revision: 0 } });
    const prepared = became(2, "blue", "v2", { strategy: "rolling", stable: "green" });
    expect(refused([FIRST, GREEN, prepared])).toMatch(
      /^changed-since: blue no longer runs what revision 0 brought: web-2 \(v2\)/,
    );
  });

  it("in place, with the version of then, where the pool is the same", () => {
    const rolled = [became(1, "blue", "v1", { strategy: "rolling" }), became(2, "blue", "v2", { strategy: "rolling" })];
    expect(undo(rolled, { rolling: ROLLING })).toMatchObject({ strategy: "rolling", to: "blue", version: "v1", instant: false });
  });

  it("to what is stable itself, where a rolling update left some members on another version", () => {
    const rolled = [became(1, "blue", "v1", { strategy: "rolling" }), became(2, "blue", "v2", { strategy: "rolling" })];
    const half = became(3, "blue", "v3", { strategy: "rolling", result: "reverted", left: ["b:1"] });
    expect(undo([...rolled, half], { rolling: ROLLING })).toMatchObject({ undo: { revision: 2 }, version: "v2" });
    expect(undo([...rolled, half], { rolling: ROLLING, revision: 2 })).toMatchObject({ version: "v2" });
    const whole = { ...half, left: [] };
    expect(undo([...rolled, whole], { rolling: ROLLING })).toMatchObject({ undo: { revision: 1 }, version: "v1" });
    const repaired = became(4, "blue", "v2", { strategy: "rolling", brings: 2, undoes: 2 });
    expect(undo([...rolled, half, repaired], { rolling: ROLLING })).toMatchObject({ version: "v1" });
  });

  it("to a pool whose update was put back as it was", () => {
    const tried = became(2, "blue", "v2", { strategy: "rolling", result: "reverted", stable: "green" });
    expect(undo([FIRST, GREEN, tried])).toMatchObject({ undo: { revision: 0 }, instant: true });
  });

  it("to what an undo brought as to what that had gone back to", () => {
    const history = [FIRST, GREEN, became(2, "blue", null, { brings: 0, undoes: 0 }), became(3, "green", "v3")];
    expect(undo(history)).toMatchObject({ undo: { revision: 2, brings: 0 }, to: "blue", instant: true });
    expect(undo(history, { revision: 0 })).toMatchObject({ undo: { revision: 0, brings: 0 }, instant: true });
  });
});

describe("an undo is refused", () => {
  it.each([
    ["nothing ended", [], {}, /^nothing-to-undo: nothing of web has become stable/],
    ["nothing came before", [GREEN], {}, /^nothing-to-undo: web has no earlier revision than 1/],
    ["it never was", [FIRST, GREEN], { revision: 7 }, /^unknown-revision: web has no revision 7/],
    ["it is stable", [FIRST, GREEN], { revision: 1 }, /^already-stable: revision 1 is what is stable already: v1 on green/],
    ["the members are others", [FIRST, GREEN], { members: ["b:1"] }, /^changed-since: .* they are b:1, they were b:1, b:2 then/],
    [
      "nobody wrote the members down",
      [{ ...FIRST, members: null }, GREEN],
      {},
      /^changed-since: .* nobody wrote down which they were/,
    ],
    [
      "nobody said which version it was",
      [FIRST, became(1, "blue", "v1", { strategy: "rolling" })],
      { rolling: ROLLING },
      /^changed-since: .* nobody said which version that was/,
    ],
    [
      "nothing says how to update in place",
      [FIRST, became(1, "blue", "v1", { strategy: "rolling" })],
      {},
      /^changed-since: .* no `rolling:` of web says how/,
    ],
  ] as const)("where %s", (_, history, given, text) => {
    expect(refused(history, given)).toMatch(text);
  });

  it("not because the members stand in another order", () => {
    expect(undo([FIRST, GREEN], { members: ["b:2", "b:1"] })).toMatchObject({ to: "blue" });
  });
});
