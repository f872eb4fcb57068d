import type { PlannedStep, PlanView, TargetChange } from "../../src/core/planned.ts";

/** Plans for tests of what shows them: a canary of one share, then everything, then the commit with a reload. */

const NOTHING: TargetChange = { target: "local", change: "nothing", times: 0, diff: "", problem: null };
const TABLES: TargetChange = { ...NOTHING, change: "tables", times: 1 };

export const COMMIT_DIFF =
  "--- current/web.server.conf\n+++ next/web.server.conf\n@@ -1,1 +1,1 @@\n-set $web_pool web_blue;\n+set $web_pool web_green;\n";

export function plannedStep(more: Partial<PlannedStep> = {}): PlannedStep {
  return {
    label: "5 %",
    shares: { blue: 9_500, green: 500 },
    until: "time",
    before: [],
    after: [],
    leastMs: 60_000,
    needs: ["errors"],
    hold: { atMostMs: 900_000, then: "wait" },
    ramp: null,
    nginx: [TABLES],
    checks: [
      {
        name: "errors",
        kind: "compare",
        foreseen: true,
        needed: true,
        requests: 30,
        requestsToPass: 827,
        passesAfterMs: 1_680_000,
        detects: 0.4,
        mostLost: 21,
      },
    ],
    mostLost: { requests: 21, check: "errors" },
    warnings: [],
    ...more,
  };
}

export function planView(more: Partial<PlanView> = {}): PlanView {
  return {
    service: "web",
    strategy: "canary",
    version: null,
    from: "blue",
    to: "green",
    refused: null,
    leastMs: 60_000,
    traffic: { requestsPerS: { value: 10, is: "measured" }, errorRatio: { value: 0.001, is: "given" }, windowMs: 600_000 },
    begins: [],
    steps: [
      plannedStep({
        before: [
          {
            name: "green healthy",
            waitsFor: "healthy",
            withinMs: 60_000,
            otherwise: "back",
            missing: "0 of 2 members of green are ready",
          },
        ],
        warnings: [
          "5 % for 60 s gives about 30 requests on green; errors needs 827 to show health: it will hold for about 27 min, or until somebody decides",
        ],
      }),
      plannedStep({ label: "100 %", shares: { green: 10_000 }, leastMs: 0, needs: [], checks: [], mostLost: null }),
      plannedStep({
        label: "commit",
        shares: { green: 10_000 },
        leastMs: 0,
        needs: [],
        nginx: [{ ...NOTHING, change: "reload", times: 1, diff: COMMIT_DIFF }],
        checks: [],
        mostLost: null,
      }),
    ],
    ...more,
  };
}
