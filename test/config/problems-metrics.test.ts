// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the configuration.
import { describe, expect, test } from "vitest";
import { metricTexts } from "../../src/app/metric-texts.ts";
import { ConfigError, excerpt, formatProblem } from "../../src/config/errors.ts";
import { parseConfig } from "../../src/config/load.ts";
import { withWeb } from "../support/sluice-yaml.ts";

const ENV = { TOKEN: "hunter2", DIR: "/run/credentials", URL: "http://127.0.0.1:9090", BAD: "ftp://hunter2@x/" };
const PROM = "source: prometheus, url: http://p:9090, query: up";

/** One metric, `m`, and the rest of the service below it. */
const one = (metric: string, rest = "") => withWeb(`    metrics: { m: { ${metric} } }\n${rest}`);

function read(text: string) {
  return parseConfig(text, "sluice.yaml", ENV, metricTexts).services.web?.metrics.m;
}

/** What is wrong, without where; and all that is shown of it. */
function problems(text: string): readonly string[] {
  try {
    read(text);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path.replace("services.web.", "")}: ${message}`);
  }
}

describe("a number from elsewhere", () => {
  test("from Prometheus", () => {
    expect(
      read(
        one(
          `source: prometheus, url: "\${URL}", query: 'x{k="\${TOKEN}"}', auth: { bearer: "\${TOKEN}" }, ca: ca.pem, window: 1m`,
        ),
      ),
    ).toEqual({
      name: "m",
      source: "prometheus",
      url: "${URL}",
      query: 'x{k="${TOKEN}"}',
      method: "GET",
      auth: { by: "bearer", token: { from: "text", text: "${TOKEN}" } },
      headers: {},
      ca: expect.stringMatching(/^\/.*\/ca\.pem$/),
      unit: "number",
      windowMs: 60_000,
      intervalMs: 5_000,
      timeoutMs: 2_000,
    });
  });

  test("in JSON", () => {
    const metric = read(
      one("source: http, url: 'http://h/{{pool}}', pick: a.b, auth: { basic: { user: u, password: { file: pw } } }, unit: ratio"),
    );
    expect(metric).toMatchObject({
      pick: "a.b",
      unit: "ratio",
      auth: { by: "basic", user: "u", password: { from: "file", path: expect.stringMatching(/^\/.*\/pw$/) } },
    });
  });

  test("of a program, which is found beside the file or in PATH", () => {
    const metric = read(one('source: command, command: [./rate.sh, "{{pool}}", a/b], env: { K: "${TOKEN}" }'));
    expect(metric).toMatchObject({
      command: [expect.stringMatching(/^\/.*\/rate\.sh$/), "{{pool}}", "a/b"],
      env: { K: { from: "text", text: "${TOKEN}" } },
    });
    expect(read(one("source: command, command: [rate]"))).toMatchObject({ command: ["rate"] });
  });

  test("names its files by variables too, which are no secret", () => {
    const secret = 'auth: { bearer: { file: "${DIR}/token" } }, headers: { file: "${TOKEN}" }';
    expect(read(one(`${PROM}, ${secret}`))).toMatchObject({
      auth: { token: { from: "file", path: "/run/credentials/token" } },
      headers: { file: { from: "text", text: "${TOKEN}" } },
    });
    expect(read(one('source: command, command: ["${DIR}/rate"]'))).toMatchObject({ command: ["${DIR}/rate"] });
  });

  test("of nginx, which is read often", () => {
    expect(read(one("source: nginx, measure: errors, sample: 10%"))).toMatchObject({
      measure: "errors",
      sample: 1_000,
      intervalMs: 1_000,
    });
    expect(read(one("source: nginx, measure: latency"))).toMatchObject({ measure: "latency", sample: 10_000, quantile: 0.95 });
  });

  test("keeps no secret that it was given", () => {
    const text = one(`${PROM}, auth: { bearer: "\${TOKEN}" }, headers: { X-Key: "a \${TOKEN}" }`);
    expect(JSON.stringify(parseConfig(text, "sluice.yaml", ENV, metricTexts))).not.toContain("hunter2");
  });
});

test.each<[string, string, ...string[]]>([
  [
    "a variable that is not set",
    one(`${PROM}, auth: { bearer: "\${NONE}" }`),
    "metrics.m.auth.bearer: the environment variable NONE is not set; set it, or give a default: ${NONE:-default}",
  ],
  [
    "a secret in the file itself",
    one(`${PROM}, auth: { bearer: hunter2 }`),
    'metrics.m.auth.bearer: is not a secret as Sluice takes it; it must be a variable of the environment such as "${NAME}", or { file: PATH }',
  ],
  [
    "a secret that is a number",
    one(`${PROM}, auth: { basic: { user: u, password: 123456 } }`),
    'metrics.m.auth.basic.password: is not a secret as Sluice takes it; it must be a variable of the environment such as "${NAME}", or { file: PATH }',
  ],
  [
    "a header that is one",
    one(`${PROM}, headers: { Authorization: Bearer hunter2 }`),
    'metrics.m.headers.Authorization: looks like a secret; it must come from a variable of the environment such as "${NAME}", or from { file: PATH }',
  ],
  [
    "two ways to say who it is",
    one(`${PROM}, auth: { bearer: "\${TOKEN}", basic: { user: u, password: "\${TOKEN}" } }`),
    "metrics.m.auth: says both bearer and basic; it must be { bearer: … } or { basic: { user: …, password: … } }",
  ],
  [
    "an address of another kind",
    one('source: http, pick: a, url: "${BAD}"'),
    "metrics.m.url: is not an address; it must start with http:// or https:// and name a host",
  ],
  [
    "a password in an address",
    one("source: http, pick: a, url: http://u:hunter2@h/"),
    "metrics.m.url: has a user or a password in it; put them under auth: { basic: … }",
  ],
  [
    "a query in the address of Prometheus",
    one("source: prometheus, query: up, url: http://h/?a=b"),
    "metrics.m.url: has a ? or a # in it; it must be the address before /api/v1/query",
  ],
  [
    "a version that says who is asked",
    one("source: http, pick: a, url: 'http://{{version}}.x/'"),
    "metrics.m.url: may not have {{version}} in its host",
  ],
  [
    "a name that is none",
    one("source: http, pick: a, url: 'http://h/{{colour}}'"),
    "metrics.m.url: {{colour}} is not known; it must be one of {{pool}}, {{service}}, {{version}}, {{window}}",
  ],
  [
    "a name where none is filled in",
    one("source: prometheus, query: up, url: 'http://h/{{pool}}'"),
    "metrics.m.url: {{pool}} is not filled in here",
  ],
  [
    "a query that reaches back",
    one(`source: prometheus, url: http://h, query: "rate(x[5m])"`),
    "metrics.m.query: [5m] reaches further back than the window of 30 s; write [{{window}}], or set window: 5m",
  ],
  [
    "a path that is none",
    one("source: http, url: http://h, pick: a..b"),
    'metrics.m.pick: is no path into a JSON answer: "..b" at column 2 is neither .name nor [0] nor ["name"]',
  ],
  [
    "a window shorter than its interval",
    one(`${PROM}, window: 1s, interval: 2s`),
    "metrics.m.window: 1s is shorter than the time between two reads, 2s; it must be at least 2s",
  ],
  [
    "a quantile of errors",
    one("source: nginx, measure: errors, quantile: 0.5"),
    "metrics.m.quantile: has no effect with measure: errors; remove it",
  ],
  [
    "requests that nobody counts",
    one(PROM, "    blueGreen: { checks: [{ metric: m, below: 2, minRequests: 50 }] }\n"),
    "blueGreen.checks[0].minRequests: has no effect: the source prometheus does not count requests; remove it",
  ],
  [
    "a percentage of a plain number",
    one(PROM, "    blueGreen: { checks: [{ metric: m, below: 2% }] }\n"),
    "blueGreen.checks[0].below: is a percentage, and m is a plain number; say unit: ratio there, or give a number",
  ],
  [
    "a key that is none",
    one(`${PROM}, querry: up`),
    'metrics.m.querry: is not a key of a metric of Prometheus; did you mean "query"? allowed: source, url, auth, headers, ca, query, method, unit, window, interval, timeout',
  ],
])("%s is refused", (_what, text, ...expected) => {
  expect(problems(text)).toEqual(expected);
});

test.each([
  "auth: { bearer: hunter2 }",
  "auth: hunter2",
  "auth: { basic: hunter2 }",
  "headers: hunter2",
  "headers: { X-Token: [hunter2] }",
])("a secret that was written into the file is not shown with the place that it stands at: %s", (written) => {
  try {
    read(one(`${PROM}, ${written}`));
    expect.unreachable();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const shown = error.problems.flatMap((problem) => [formatProblem(problem), excerpt(error.text, problem)]);
    expect(shown.join("\n")).not.toContain("hunter2");
  }
});
