import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { planCanary } from "../../src/core/canary.ts";
import { withWeb } from "../support/sluice-yaml.ts";

const parse = (steps: string, more = "") => parseConfig(withWeb(`    canary: { steps: [${steps}] }\n${more}`), "sluice.yaml", {});

describe("a ramp that is too short for reloads", () => {
  test("is a warning that says what it will do", () => {
    const { warnings } = parse("{ share: 10%, for: 1m }, { ramp: 100%, over: 20s }");
    expect(warnings.map(({ line, path, message }) => `${line} ${path}: ${message}`)).toEqual([
      "7 services.web.canary.steps[1].over: is 4 raises of 23% at most: a weighted service is raised every 5s at most, as each raise is a reload; for more, make it longer, or use routing: live",
    ]);
    expect(parse("{ ramp: 100%, over: 3s }").warnings[0]?.message).toMatch(/^is one raise of 100%: /);
  });

  test.each(["10%, over: 20s", "25%, over: 40s", "100%, over: 7s", "100%, over: 45s"])(
    "%s: what it says is what is planned",
    (ramp) => {
      const { services, warnings } = parse(`{ ramp: ${ramp} }`);
      const canary = services.web?.canary;
      if (canary == null) throw new Error("no canary");
      const course = { from: "blue", to: "green", seed: "web-1", deadlineMs: 1 };
      const planned = planCanary({ ...canary, bakeMs: 0 }, course, "weighted")[0]?.ramp;
      if (planned == null) throw new Error("no ramp");
      const raises = Math.ceil(planned.toBp / planned.quantumBp);
      const said = raises === 1 ? "one raise" : `${raises} raises of ${planned.quantumBp / 100}% at most`;
      expect(warnings[0]?.message).toContain(said);
    },
  );

  test("is none where it can rise by one percent, where it is long, and for a live service", () => {
    expect(parse("{ ramp: 4%, over: 20s }").warnings).toEqual([]);
    expect(parse("{ ramp: 100%, over: 50s }").warnings).toEqual([]);
    expect(parse("{ ramp: 100%, over: 5s }", "    routing: live\n").warnings).toEqual([]);
  });
});
