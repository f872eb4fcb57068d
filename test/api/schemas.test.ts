import { expect, expectTypeOf, test } from "vitest";
import type { z } from "zod";
import type { EventView } from "../../src/api/schemas/event.ts";
import type { ExplanationView } from "../../src/api/schemas/explanation.ts";
import { MemberAddress, Text } from "../../src/api/schemas/names.ts";
import type { ReloadView } from "../../src/api/schemas/reload.ts";
import type { RevisionView } from "../../src/api/schemas/revision.ts";
import type { CheckView, RollingView, RolloutView, StepView } from "../../src/api/schemas/rollout.ts";
import type { MemberView, PoolView, ServiceView, TargetView } from "../../src/api/schemas/service.ts";
import type { TrafficView } from "../../src/api/schemas/traffic.ts";
import type * as explained from "../../src/core/explained.ts";
import type * as traffic from "../../src/core/traffic.ts";
import type * as view from "../../src/core/view.ts";

test("the wire shapes are the views, no more and no less (checked by the compiler)", () => {
  expectTypeOf<z.output<typeof StepView>>().toEqualTypeOf<view.StepView>();
  expectTypeOf<z.output<typeof CheckView>>().toEqualTypeOf<view.CheckView>();
  expectTypeOf<z.output<typeof RollingView>>().toEqualTypeOf<view.RollingView>();
  expectTypeOf<z.output<typeof RevisionView>>().toEqualTypeOf<view.RevisionView>();
  expectTypeOf<z.output<typeof RolloutView>>().toEqualTypeOf<view.RolloutView>();
  expectTypeOf<z.output<typeof MemberView>>().toEqualTypeOf<view.MemberView>();
  expectTypeOf<z.output<typeof PoolView>>().toEqualTypeOf<view.PoolView>();
  expectTypeOf<z.output<typeof TargetView>>().toEqualTypeOf<view.TargetView>();
  expectTypeOf<z.output<typeof ServiceView>>().toEqualTypeOf<view.ServiceView>();
  expectTypeOf<z.output<typeof ExplanationView>>().branded.toEqualTypeOf<explained.ExplanationView>();
  expectTypeOf<z.output<typeof TrafficView>>().branded.toEqualTypeOf<traffic.TrafficView>();
  expectTypeOf<z.output<typeof ReloadView>>().toEqualTypeOf<view.ReloadView>();
  expectTypeOf<z.output<typeof EventView>>().toEqualTypeOf<view.EventView>();
});

test.each(["127.0.0.1:80", "app:8080", "a.b-c.example:65535", "app_1:1", "[::1]:80", "[2001:db8::1]:443", "1a:80"])(
  "%s is a member",
  (text) => {
    expect(MemberAddress.safeParse(text).success).toBe(true);
  },
);

test.each([
  "app",
  "app:",
  "app:0",
  "app:65536",
  "app:080",
  ":80",
  "::1:80",
  "[]:80",
  "[abc]:80",
  "[1:2]:80",
  "[::::]:80",
  "0x7f000001:80",
  "127.1:80",
  "a.1:80",
  "300.1.1.1:80",
  "1.2.3:80",
  "unix:/run/app.sock",
  "app:80;",
  "app:80 down",
  "a b:80",
  "app\n:80",
  "-app:80",
  "app-:80",
  "http://app:80",
  "app:80/",
  "$host:80",
  `${"a".repeat(64)}:80`,
])("%j is no member", (text) => {
  expect(MemberAddress.safeParse(text).success).toBe(false);
});

test.each(["", "a\nb", "\u001b[31m", "a\u202eb", "x".repeat(201)])("%j is no reason", (text) => {
  expect(Text.safeParse(text).success).toBe(false);
});
