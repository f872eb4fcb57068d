import { expect, test } from "vitest";
import { renderChecked } from "../../src/nginx/check.ts";
import type { Template } from "../../src/nginx/template.ts";

/** A template that is already text: `real` with its values, `neutral` with words in their place. */
const template = (real: string, neutral = real, own = true): Template => ({
  file: "web.hbs",
  own,
  render: () => real,
  neutral: () => neutral,
});
const check = (one: Template) => renderChecked(one, {}, "web");

test("an output is good where only its words differ from the neutral one", () => {
  const text = "upstream web { server 127.0.0.1:1 down; } # ; {\n";
  expect(check(template(text, "upstream 0 { server 0 0; }"))).toBe(text);
});

test.each([
  ["a word", "set $a b c;", "set $a 0;"],
  ["a directive", "set $a b; set $c d;", "set $a 0;"],
  ["a block", "upstream a { server b; }", "upstream a;"],
  ["a directive in a block", "upstream a { server b; server c; }", "upstream a { server 0; }"],
  ["the loss of one, by a comment", "set $a b; # set $c d;", "set $a 0; set $c 0;"],
])("a value that adds %s is found, and its service named", (_, real, neutral) => {
  expect(() => check(template(real, neutral))).toThrow(/^service web: web\.hbs: a value changes the structure of the output/);
});

test("Sluice's own templates say nothing but what is on the list, a user's may", () => {
  const text = "server { location / { root /; } }";
  expect(() => check(template(text))).toThrow('"root" in line 1 of its output is none of Sluice\'s directives');
  expect(check(template(text, text, false))).toBe(text);
  const tables = "map $a $b { root 1; } split_clients $a $c { * root; }";
  expect(check(template(tables))).toBe(tables);
});
