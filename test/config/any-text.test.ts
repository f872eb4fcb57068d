// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration.
import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { ConfigError } from "../../src/config/errors.ts";
import { parseConfig } from "../../src/config/load.ts";
import { withWeb } from "../support/sluice-yaml.ts";

const env = { HOME: "/root", N: "5" };

/** Either a configuration, or an error whose problems lie within the text. */
function survives(text: string): void {
  try {
    parseConfig(text, "sluice.yaml", env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    const lines = text.split(/\r\n|\r|\n/).length;
    for (const { line, column, message } of error.problems) {
      expect(line).toBeGreaterThanOrEqual(1);
      expect(line).toBeLessThanOrEqual(lines);
      expect(column).toBeGreaterThanOrEqual(1);
      expect(message).not.toBe("");
      expect(message).not.toMatch(/[\u0000-\u001f]|undefined|Invalid input/);
    }
  }
}

const FULL = withWeb(
  `    routing: live
    key: cookie:uid
    health: &h
      path: /healthz
      passes: \${N}
    metrics: { e: { source: scrape, ratio: { of: a, to: b } }, p: { source: scrape, quantile: 0.5, of: h } }
    canary: { steps: [{ share: 5%, for: 5m }, { ramp: 100%, over: 5m, needs: [e] }], checks: [{ metric: e, below: 2% }] }
    blueGreen: { preview: { header: X-P }, bake: 1m }
`,
  "api: { listen: 127.0.0.1:1, hosts: [a.b] }\nstate: /s\nnginx: { a: { pid: /p }, b: { include: /b, tables: /bt, status: '127.0.0.1:9', test: none, reload: [x] } }\n",
);

const PIECES = [
  "{",
  "}",
  "[",
  "]",
  ":",
  ": ",
  ",",
  "\n",
  "  ",
  "- ",
  "&a ",
  "*a",
  "*h",
  "!!set ",
  "|\n",
  "? ",
  "<<: ",
  "#",
  "'",
  '"',
  "---\n",
  "%YAML 1.1\n---\n",
  "${N}",
  "${",
  "\t",
  "0x1f",
  "~",
  "null",
  ".inf",
  "1e999",
  "services",
  "nginx: ",
  "__proto__: ",
  "constructor",
  "\u0000",
  "é",
  "😀",
];

test("whatever stands in the file, the answer is a configuration or a ConfigError", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 60 }), survives), { numRuns: 300, seed: 7 });
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...PIECES), { maxLength: 25 }).map((parts) => parts.join("")),
      survives,
    ),
    { numRuns: 250, seed: 7 },
  );
});

test("whatever is put into a right file in place of a part of it", () => {
  const damaged = fc
    .tuple(fc.nat(FULL.length), fc.nat(12), fc.constantFrom(...PIECES, ""))
    .map(([at, length, piece]) => FULL.slice(0, at) + piece + FULL.slice(at + length));
  fc.assert(fc.property(damaged, survives), { numRuns: 250, seed: 7 });
});

test("whatever values its keys have", () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  const key = fc.constantFrom(
    "api",
    "state",
    "nginx",
    "templates",
    "services",
    "web",
    "pools",
    "stable",
    "health",
    "metrics",
    "canary",
    "steps",
    "checks",
    "blueGreen",
    "share",
    "for",
    "of",
    "x",
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: "medium" },
      value,
      fc.dictionary(key, tie("tree"), { maxKeys: 6 }),
      fc.array(tie("tree"), { maxLength: 3 }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(key, tree), (data) => survives(stringify(data))),
    { numRuns: 120, seed: 7 },
  );
});

test("aliases that stand for millions of nodes are refused, quickly", () => {
  const levels = Array.from(
    { length: 12 },
    (_, level) =>
      `k${level}: &l${level} [${Array.from({ length: 10 }, () => (level === 0 ? "x" : `*l${level - 1}`)).join(", ")}]`,
  );
  expect(() => parseConfig(`${levels.join("\n")}\nservices: {}\n`, "sluice.yaml", {})).toThrow(
    /the aliases of this file stand for too much/,
  );
});

test("the configuration that the damage starts from is right", () => {
  expect(parseConfig(FULL, "sluice.yaml", env).services.web?.health.passes).toBe(5);
});
