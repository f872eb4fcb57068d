import { beforeAll, describe, expect, test } from "vitest";
import { type Outcome, tell } from "../../examples/database-changes/story.ts";

let outcome: Outcome;

beforeAll(async () => {
  outcome = await tell({
    people: 500,
    pauseMs: 10,
    dwell: "200ms",
    probe: "250ms",
    say: () => {},
    interrupted: AbortSignal.timeout(55_000),
  });
}, 60_000);

const moment = (name: string) => outcome.moments[name];
const command = (name: string) => outcome.commands[name];
const hook = (rollout: string, name: string) => outcome.hooks[rollout]?.filter((one) => one.name === name);

describe("three releases and a change of the database, under traffic", () => {
  test("fail no request, and lose nothing that was acknowledged", () => {
    expect(outcome.failures).toEqual([]);
    expect(outcome.lost).toEqual([]);
    expect(outcome.requests).toBeGreaterThan(500);
  });

  test("keep both shapes of every row the same at each stage", () => {
    const stages = ["v1", "v2At50", "v1Again", "v2", "v3At50", "v3", "contracted", "undoRefused"];
    expect(Object.keys(outcome.moments)).toEqual(stages);
    for (const stage of stages) expect(moment(stage)?.audit.apart, stage).toBe(0);
    const rows = stages.map((stage) => moment(stage)?.audit.rows ?? 0);
    expect(rows).toEqual(rows.toSorted((a, b) => a - b));
  });

  test("have the shape that the release that serves needs", () => {
    const both = ["id", "name", "given_name", "family_name"];
    expect(moment("v1")?.audit.columns).toEqual(["id", "name"]);
    for (const stage of ["v2At50", "v1Again", "v2", "v3At50", "v3"]) expect(moment(stage)?.audit.columns, stage).toEqual(both);
    for (const stage of ["contracted", "undoRefused"]) {
      expect(moment(stage)?.audit.columns, stage).toEqual(["id", "given_name", "family_name"]);
    }
  });

  test("fill in every row before the release that relies on it", () => {
    const { rows = 0, unfilled } = moment("v1")?.audit ?? {};
    expect(rows).toBeGreaterThanOrEqual(500);
    expect(unfilled).toBe(rows);
    for (const stage of ["v2", "v3At50", "v3", "contracted"]) expect(moment(stage)?.audit.unfilled, stage).toBe(0);
    expect(hook("web-1", "backfill")?.[0]?.output).toMatch(/filled in \d+ rows/);
  });

  test("are served by whom they should be", () => {
    const served = Object.fromEntries(
      Object.entries(outcome.moments).map(([name, { versions }]) => [name, Object.keys(versions).toSorted()]),
    );
    expect(served).toEqual({
      v1: ["v1"],
      v2At50: ["v1", "v2"],
      v1Again: ["v1"],
      v2: ["v2"],
      v3At50: ["v2", "v3"],
      v3: ["v3"],
      contracted: ["v3"],
      undoRefused: ["v3"],
    });
  });
});

describe("the expand step", () => {
  test("is done before the first request goes to the new version", () => {
    expect(hook("web-1", "expand")).toMatchObject([{ is: "succeeded", output: "expand v2: made given_name, family_name" }]);
  });

  test("done again does nothing: by hand at 50 %, and by the next rollout", () => {
    expect(command("expandAgain")).toEqual({ code: 0, text: "expand v2: nothing to do" });
    expect(hook("web-2", "expand")).toMatchObject([{ is: "succeeded", output: "expand v2: nothing to do" }]);
  });

  test("refuses a version that the database can no longer serve, so that an undo moves nothing", () => {
    expect(command("undo")?.text).toMatch(/v2 needs name, which is not there: it was taken away, so roll forward/);
  });
});

describe("the contract step", () => {
  test("is refused at 50 %, and while the old version could be gone back to, and that is told", () => {
    const refused = /refused: name is still needed by v2 at 127\.0\.0\.1:\d+, v2 at 127\.0\.0\.1:\d+/;
    expect(command("contractTooEarly")?.text).toMatch(refused);
    expect(hook("web-3", "contract")).toMatchObject([{ is: "failed", text: expect.stringMatching(refused) }]);
    expect(command("thirdAdvance")?.text).toMatch(/went on: contract failed: ended with 1/);
  });

  test("is done once nobody needs the old shape, and once only", () => {
    expect(command("contract")).toEqual({ code: 0, text: "contract v3: dropped name" });
    expect(command("contractAgain")).toEqual({ code: 0, text: "contract v3: nothing to do" });
  });
});
