import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Refusal } from "../../src/core/errors.ts";
import { type RunningApi, startApi } from "../support/api.ts";
import { type Ran, sluice } from "../support/cli.ts";
import { ScriptedControl } from "../support/scripted-control.ts";
import { ended, revisionView, rolloutView, serviceView } from "../support/views.ts";

let control: ScriptedControl;
let api: RunningApi;

beforeEach(async () => {
  control = new ScriptedControl(serviceView({ rollout: ended("promoted", "every step passed") }));
  control.history = [
    revisionView(3, { result: "reverted", version: "v3", to: "blue", cause: "errors: 3 % of 900" }),
    revisionView(2, { undoes: 1, reason: "loses orders" }),
    revisionView(1),
    revisionView(0),
  ];
  api = await startApi(control);
});

afterEach(() => api[Symbol.asyncDispose]());

function run(...args: string[]): Promise<Ran> {
  return sluice(args, { env: { SLUICE_URL: api.url, SLUICE_TOKEN: api.token } });
}

describe("history", () => {
  test("is a line a revision, newest first, with the one that is stable marked", async () => {
    const { code, stdout, stderr } = await run("history", "web");
    expect([code, stderr]).toEqual([0, ""]);
    const [head, ...lines] = stdout.split("\n").map((line) => line.trim().split(/ {2,}/));
    expect(head?.slice(0, 4)).toEqual(["REVISION", "RESULT", "STABLE", "VERSION"]);
    expect(lines.map((line) => line.slice(0, 4))).toEqual([
      ["3", "✖ reverted", "green", "v3"],
      ["▶ 2", "✔ promoted", "green", "v2"],
      ["1", "✔ promoted", "green", "v1"],
      ["0", "· initial", "blue", "-"],
    ]);
    expect(stdout).toContain("errors: 3 % of 900");
    expect(stdout).toContain("loses orders");
  });

  test("is the API's own object with -o json, and numbers with -o name", async () => {
    const { revisions } = JSON.parse((await run("history", "web", "-o", "json")).stdout);
    expect(revisions).toEqual(control.history);
    expect((await run("history", "web", "-n", "2", "-o", "name")).stdout).toBe("3\n2");
  });

  test("of one revision has its members, and how to go back to it", async () => {
    const { code, stdout } = await run("history", "web", "--revision", "2");
    expect(code).toBe(0);
    expect(stdout).toMatch(/members +127\.0\.0\.1:8003, 127\.0\.0\.1:8004/);
    expect(stdout).toMatch(/undo of +goes back to revision 1/);
    expect(stdout).toContain("sluice undo web --revision 2");
  });

  test("of a revision that is none is a usage error", async () => {
    const { code, stderr } = await run("history", "web", "--revision", "9");
    expect([code, stderr]).toEqual([2, expect.stringContaining("web has no revision 9")]);
  });

  test("says where nothing has ended", async () => {
    control.history = [];
    expect((await run("history", "web")).stdout).toBe("no rollout of web has ended yet");
  });
});

describe("undo", () => {
  test("asks for the revision before, and prints the id with --detach", async () => {
    const { code, stdout } = await run("undo", "web", "--detach");
    expect([code, stdout]).toEqual([0, "web-1"]);
    expect(control.calls.at(-1)).toMatchObject({ verb: "undo", input: { revision: null, replace: false, reason: null } });
  });

  test("takes a revision and a reason, and waits where it is told to", async () => {
    const { code, stdout } = await run("undo", "web", "--revision", "0", "--reason", "loses orders", "--replace", "--wait");
    expect([code, stdout]).toEqual([0, expect.stringContaining("promoted")]);
    expect(control.calls.at(-1)).toMatchObject({ input: { revision: 0, replace: true, reason: "loses orders" } });
  });

  test("that is refused says why and what to do instead, exit 5", async () => {
    control.reactions.undo = () => {
      throw new Refusal("changed-since", "the members of blue have changed since revision 0", "sluice switch web blue");
    };
    const { code, stderr } = await run("undo", "web");
    expect(code).toBe(5);
    expect(stderr).toContain("the members of blue have changed since revision 0");
    expect(stderr).toContain("sluice switch web blue");
  });
});

describe("status --wait", () => {
  test("answers with the exit code of a rollout that ended", async () => {
    expect((await run("status", "web", "--wait")).code).toBe(0);
    control.put(serviceView({ rollout: ended("reverted", "errors failed") }));
    const { code, stderr } = await run("status", "web", "--wait");
    expect([code, stderr]).toEqual([3, expect.stringContaining("rollout web-1 is reverted: errors failed")]);
  });

  test("says what it waits for, a line a change, and where a person has to act, exit 8", async () => {
    control.put(serviceView({ rollout: rolloutView({ phase: "waiting", remainingMs: null, reason: "waits for approval" }) }));
    const { code, stderr } = await run("status", "web", "--wait");
    expect(code).toBe(8);
    expect(stderr).toContain(
      "Waiting for rollout web-1 to finish: step 1 of 3 (blue 95%, green 5%): waiting: waits for approval\n",
    );
  });

  test("gives up after its time, exit 4", async () => {
    control.put(serviceView({ rollout: rolloutView() }));
    expect((await run("status", "web", "--wait", "--timeout", "300ms")).code).toBe(4);
  });

  test("is of one service", async () => {
    expect((await run("status", "--wait")).code).toBe(2);
  });
});
