import { execa } from "execa";
import { expect, test } from "vitest";
import { parseCapabilities } from "../../src/nginx/capabilities.ts";

test("the nginx at hand is read", async () => {
  const { stderr } = await execa("nginx", ["-V"]);
  const read = parseCapabilities(stderr);
  expect(stderr).toContain(`nginx/${read.version}`);
  expect(read).toMatchObject({ userid: true, useridFlags: true });
});

test.each([
  ["1.18.0", false, false, false],
  ["1.19.3", false, true, false],
  ["1.27.3", false, true, false],
  ["1.27.4", true, true, false],
  ["1.29.6", true, true, false],
  ["1.29.7", true, true, true],
  ["2.0.0", true, true, true],
])(
  "version %s: keepalive_min_timeout %s, userid_flags %s, keepalive by itself %s",
  (version, keepaliveMinTimeout, useridFlags, keepsByDefault) => {
    expect(parseCapabilities(`nginx version: nginx/${version} (Ubuntu)\nconfigure arguments:`)).toEqual({
      version,
      keepaliveMinTimeout,
      keepsByDefault,
      useridFlags,
      userid: true,
    });
  },
);

test("a build without the userid module, and a program that is no nginx", () => {
  expect(parseCapabilities("nginx version: openresty/1.25.3\nconfigure arguments: --without-http_userid_module").userid).toBe(
    false,
  );
  expect(() => parseCapabilities("GNU bash, version 5.2")).toThrow("is nginx.binary an nginx?");
});
