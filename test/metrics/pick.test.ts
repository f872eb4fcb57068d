import { expect, test } from "vitest";
import { parsePick, pickFrom } from "../../src/metrics/pick.ts";

test.each([
  ["rate", ["rate"]],
  ["data.errors[0].rate", ["data", "errors", 0, "rate"]],
  ["[1]", [1]],
  ["[1][2].a-b", [1, 2, "a-b"]],
  ['data["error.rate"]', ["data", "error.rate"]],
  ['["a\\"b"].c', ['a"b', "c"]],
])("%s is a path", (text, pick) => {
  expect(parsePick(text)).toEqual({ ok: true, pick });
});

test.each(["", ".a", "a..b", "a[", "a[-1]", "a[x]", "a b", "a.", 'a["b]', "a[0]b", "$.a[*]"])("%j is no path", (text) => {
  expect(parsePick(text).ok).toBe(false);
});

test.each([
  ["a.b", "a has no b"],
  ["a[0]", "a is an object, wants a list for [0]"],
  ["list[2]", "list has 2 entries, wants [2]"],
  ["list.a", "list is a list, wants an object for a"],
  ["n.a", "n is null, wants an object for a"],
  ["secret.a", "secret is a string, wants an object for a"],
  ["__proto__", "the answer has no __proto__"],
  ["a.constructor", "a has no constructor"],
])("%s leads nowhere, and the reason holds no value", (text, message) => {
  const parsed = parsePick(text);
  if (!parsed.ok) throw new Error(parsed.message);
  expect(pickFrom({ a: {}, list: [1, 2], n: null, secret: "hunter2" }, parsed.pick)).toEqual({ ok: false, message });
});
