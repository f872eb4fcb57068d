import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatAddress, parseAddress } from "../../src/config/address.ts";
import { formatDuration, LONGEST_MS, parseDuration } from "../../src/config/duration.ts";
import { formatShare, parseFraction, parseShare } from "../../src/config/percent.ts";

describe("durations", () => {
  test.each([
    ["250ms", 250],
    ["5s", 5_000],
    ["10m", 600_000],
    ["1h", 3_600_000],
    ["0s", 0],
    ["500h", LONGEST_MS],
  ])("%s is %i milliseconds", (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(["5", "", "5 s", "-5s", "1.5s", "05s", "1m30s", "5S", "1d", "501h", "99999999999999999999ms", "5s\n"])(
    "%j is refused",
    (text) => expect(parseDuration(text)).toBeUndefined(),
  );

  test("every duration is read back as it was written", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: LONGEST_MS }), (ms) => parseDuration(formatDuration(ms)) === ms));
  });
});

describe("shares", () => {
  test.each([
    ["5%", 500],
    ["0.01%", 1],
    ["0.1%", 10],
    ["12.34%", 1_234],
    ["100%", 10_000],
    ["100.00%", 10_000],
    ["0%", 0],
  ])("%s is %i basis points", (text, bp) => expect(parseShare(text)).toBe(bp));

  test.each(["5", "0.001%", "5.000%", "100.01%", "101%", "-1%", "05%", ".5%", "5 %", "5%%", "1e1%", "5%\n"])(
    "%j is refused",
    (text) => expect(parseShare(text)).toBeUndefined(),
  );

  test("every share is read back as it was written", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 10_000 }), (bp) => parseShare(formatShare(bp)) === bp));
  });

  test("a bound in percent is the nearest number to its decimal fraction", () => {
    expect(parseFraction("2%")).toBe(0.02);
    expect(parseFraction("0.001%")).toBe(0.00001);
    expect(parseFraction("250%")).toBe(2.5);
    expect(parseFraction("2")).toBeUndefined();
  });
});

describe("addresses", () => {
  test.each(["127.0.0.1:8001", "[::1]:80", "app-1.internal:65535", "web_1:3000", "a.b.c:1"])("%s is one", (text) => {
    const parsed = parseAddress(text);
    expect(parsed && formatAddress(parsed)).toBe(text);
  });

  test.each([
    ["127.1:80", "a short form of an IPv4 address"],
    ["0x7f000001:80", "a hexadecimal form"],
    ["2130706433:80", "a decimal form"],
    ["256.0.0.1:80", "no IPv4 address"],
    ["::1:80", "IPv6 without brackets"],
    ["[127.0.0.1]:80", "IPv4 in brackets"],
    ["[fe80::1%eth0]:80", "a zone"],
    ["unix:/var/run/docker.sock", "a unix socket"],
    ["web", "no port"],
    ["web:65536", "a port above 65535"],
    ["web:080", "a leading zero"],
    ["-web:80", "a label that starts with -"],
    ["web.:80", "an empty label"],
    ["web;:80", "a character of nginx's grammar"],
    ["web:80 down", "a second word"],
    ["web:80\n", "a second line"],
  ])("%j is none: %s", (text) => expect(parseAddress(text)).toBeUndefined());
});
