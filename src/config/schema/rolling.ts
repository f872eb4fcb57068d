import * as z from "zod";
import { formatAddress } from "../address.ts";
import { DEFAULTS } from "../defaults.ts";
import { amount } from "./amount.ts";
import { comparableChecks, hold } from "./check.ts";
import { address, block, choice, duration, must, name, orNull, period } from "./fields.ts";
import { HOOK, hook } from "./hook.ts";

const members = (description: string) =>
  z
    .array(
      address("`host:port`; IPv6 in brackets.").transform(formatAddress),
      must("a list of host:port, such as [127.0.0.1:8001]"),
    )
    .describe(description)
    .default([]);

const rollbackBlock = block("rollback", "A hook with a batch and a delay of its own.", {
  hook: hook.describe("The hook that puts a member's old version back."),
  batch: z.optional(amount("How many get their old version back at the same time; `batch` of `rolling` where left out.", 1)),
  delay: z.optional(duration("Between two batches on the way back; `delay` of `rolling` where left out.")),
});

const rollback = z
  .union(
    [hook.transform((one) => ({ hook: one, batch: undefined, delay: undefined })), rollbackBlock],
    must(`${HOOK}, or { hook, batch, delay }`),
  )
  .describe(
    "The hook that puts a member's old version back, or { hook, batch, delay }. Without it, a rollout that is aborted ends in `failed` once a member was touched.",
  );

/** How the members of a pool are updated in place. */
export const rolling = block("rolling", "How a rolling rollout updates the members of one pool in place, some at a time.", {
  pool: orNull(name("The pool that is updated; the one that is stable where left out.")),
  batch: amount("Members that are updated at the same time; a percentage is rounded down, and is at least one.", 1).prefault(
    DEFAULTS.rolling.batch,
  ),
  delay: duration("The pause between two batches, after `monitor`.").prefault(DEFAULTS.rolling.delay),
  drain: period("How long requests in flight may take to end once a member gets no new ones.").prefault(DEFAULTS.rolling.drain),
  onDrainTimeout: choice(
    "What happens to a member that still has requests in flight then: it is updated all the same, or the rollout goes back.",
    ["proceed", "abort"],
  ).default(DEFAULTS.rolling.onDrainTimeout),
  deploy: hook.describe(
    "The hook that brings the new version to a member; it is run for each member of a batch at the same time.",
  ),
  rollback: orNull(rollback),
  minHealthy: duration("How long a member must have been healthy before it is put back.").prefault(DEFAULTS.rolling.minHealthy),
  deadline: period("How long it may take to get there.").prefault(DEFAULTS.rolling.deadline),
  slowStart: duration(
    "How long the share of a member that is put back takes to rise, in four parts of a reload each; 0s gives it all at once.",
  ).prefault(DEFAULTS.rolling.slowStart),
  monitor: duration("How long a batch is watched and judged once it is back.").prefault(DEFAULTS.rolling.monitor),
  maxUnavailable: orNull(
    amount(
      "How many of the pool's members may be missing at a time; a percentage is rounded down. As many as a batch has, less the spares, where left out.",
      0,
    ),
  ),
  spares: members(
    "Members that are brought up first and leave last, so that none is missing meanwhile; nothing is sent to them otherwise.",
  ),
  maxFailures: amount(
    "How many members may fail before `onFailure` says what happens; a percentage is rounded down.",
    0,
  ).prefault(DEFAULTS.rolling.maxFailures),
  onFailure: choice("Where more than those fail: wait for a person, put the old version back, or leave them out and go on.", [
    "pause",
    "rollback",
    "continue",
  ]).default(DEFAULTS.rolling.onFailure),
  order: members("Members that are updated first, in this order; the others follow as they are listed."),
  exclude: members("Members that are not touched."),
  checks: comparableChecks(
    "The rules that the members of a batch must meet; `compare: stable` compares them with their peers. A `fail` is a failure of theirs, about which `onFailure` decides; missing or broken evidence holds.",
  ),
  hold: hold.prefault({}),
}).transform(({ delay, drain, minHealthy, deadline, slowStart, monitor, rollback, ...rest }) => ({
  ...rest,
  delayMs: delay,
  drainMs: drain,
  minHealthyMs: minHealthy,
  deadlineMs: deadline,
  slowStartMs: slowStart,
  monitorMs: monitor,
  rollback:
    rollback === null ? null : { hook: rollback.hook, batch: rollback.batch ?? rest.batch, delayMs: rollback.delay ?? delay },
}));
