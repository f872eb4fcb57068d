import { describe, expect, test } from "vitest";
import { FORMATTERS, FormatError, type FormatterName } from "../../src/nginx/format.ts";

const HOSTILE = [
  "",
  "a;b",
  "a b",
  "a\nb",
  "a\n",
  "a\r",
  'a"',
  "a'",
  "a{",
  "a}",
  "$a",
  "a#b\u0000",
  "a\\",
  "ä",
  "127.0.0.1:80;",
  "127.0.0.1:80 down",
  "127.0.0.1:80\n",
  "/a\n",
  "/a b",
  "00\n",
  null,
  undefined,
  {},
  [],
];

describe("no formatter", () => {
  const names = (Object.keys(FORMATTERS) as FormatterName[]).filter((name) => name !== "comment");
  test.each(names)("%s lets through what could end a word", (name) => {
    for (const value of HOSTILE) expect(() => FORMATTERS[name](value), JSON.stringify(value)).toThrow(FormatError);
  });
});

describe("the formatter of", () => {
  const cases: readonly (readonly [FormatterName, readonly unknown[], readonly unknown[]])[] = [
    ["name", ["web_blue", "Web2"], ["web-blue", "web.blue", "x".repeat(129)]],
    ["label", ["web-app", "blue_2", "2"], ["-web", "web.app", "x".repeat(64)]],
    ["variable", ["web_pool", "x".repeat(46)], ["web-pool", "x".repeat(47)]],
    [
      "endpoint",
      ["127.0.0.1:80", "[::1]:65535", "[::ffff:1.2.3.4]:1"],
      [
        "127.1:80",
        "0x7f000001:80",
        "127.0.0.1",
        "127.0.0.1:0",
        "127.0.0.1:080",
        "127.0.0.1:65536",
        "256.0.0.1:80",
        "::1:80",
        "[::1%lo]:80",
        "localhost:80",
        "unix:/var/run/docker.sock",
      ],
    ],
    ["number", [0, 7], [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "7", 2 ** 53]],
    ["weight", [1, 2_000_000_000], [0, -1, 1.5, "1", 2_000_000_001]],
    ["path", ["/", "/var/lib/sluice_1/t-2.x@y"], ["var", "/a/../b", "/..", "/a;b", "/a$b", "/a*"]],
    ["header", ["X-Canary"], ["X_Canary", "X:Y", "1x"]],
    ["cookie", ["canary", "SID_2"], ["my-cookie", "a=b"]],
    ["bucket", ["00", "99"], ["0", "100", "0x"]],
    [
      "listen",
      ["127.0.0.1:7071", "[::1]:7071", "unix:/var/lib/s.sock"],
      ["0.0.0.0:7071", "10.0.0.1:80", "*:80", "7071", "unix:s.sock", "[::]:80", "128.127.0.1:80"],
    ],
    ["comment", ["blue; { }", ""], ["a\nb", "a\rb", "x".repeat(201)]],
  ];
  test.each(cases)("%s takes what its place allows, and nothing else", (name, good, bad) => {
    for (const value of good) expect(FORMATTERS[name](value)).toBeTypeOf("string");
    for (const value of bad) expect(() => FORMATTERS[name](value), JSON.stringify(value)).toThrow(FormatError);
  });

  test("header and cookie say what nginx calls them", () => {
    expect(FORMATTERS.header("X-Canary")).toBe("x_canary");
    expect(FORMATTERS.cookie("SID")).toBe("SID");
  });
});
