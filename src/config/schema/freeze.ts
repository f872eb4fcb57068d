import * as z from "zod";
import { DEFAULTS } from "../defaults.ts";
import { nearest } from "../nearest.ts";
import { block, choice, line, must, text, wrong } from "./fields.ts";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const TIME = "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$";

/** `HH:MM` in minutes of the day. */
function parseTime(input: string): number | undefined {
  if (!new RegExp(TIME).test(input)) return undefined;
  const [hours, minutes] = input.split(":");
  return Number(hours) * 60 + Number(minutes);
}

const time = (description: string) => text(description, "a time of the day from 00:00 to 24:00, such as 09:30", parseTime, TIME);

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const ZONE = "the name of a time zone, such as UTC or Europe/Berlin";

const zone = z
  .string(must(ZONE))
  .describe("The time zone that the times are of, as the IANA names it.")
  .transform((input, context) => {
    if (isZone(input)) return input;
    const near = nearest(input, Intl.supportedValuesOf("timeZone"));
    const hint = near === null ? "" : ` (did you mean "${near}"?)`;
    context.addIssue({ code: "custom", message: `${wrong(input, ZONE)}${hint}`, input });
    return z.NEVER;
  });

const freeze = block("a freeze", "A time in which no rollout starts or goes forward; aborts and commits are not held.", {
  name: z.optional(
    line("How it is called where it holds something; its days and times where left out.", "a text on one line", 100),
  ),
  days: z
    .array(choice("A day of the week.", DAYS), must(`a list of ${DAYS.join(", ")}`))
    .min(1, must(`a list of at least one of ${DAYS.join(", ")}`))
    .describe("The days that it begins on; every day where left out.")
    .default([...DAYS]),
  from: time("When it begins.").prefault(DEFAULTS.freeze.from),
  to: time("When it ends; on the next day where that is not after `from`.").prefault(DEFAULTS.freeze.to),
  zone: zone.prefault(DEFAULTS.freeze.zone),
}).transform(({ name, days, from, to, zone }) => {
  const on = days.length === DAYS.length ? "every day" : days.join(", ");
  return { name: name ?? `${on} ${clock(from)}-${clock(to)} ${zone}`, days, from, to, zone };
});

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

const LIST = "a list of freezes, such as [{ name: weekend, days: [sat, sun], zone: Europe/Berlin }]";

export const freezes = (description: string) => z.array(freeze, must(LIST)).describe(description).default([]);
