import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../config/duration.ts";
import type { Ms } from "../core/units.ts";
import type { Context } from "./context.ts";
import type { ExitCode } from "./exit.ts";

/** What a command does; `args` are its positional arguments in their order. */
export type Run<Options> = (context: Context, args: readonly string[], options: Options) => Promise<ExitCode>;

/** Ties a run to commander: the exit code goes to whoever runs the program. */
export type Bind = <Options>(run: Run<Options>) => (...received: unknown[]) => Promise<void>;

/** Adds the commands of one group to the table. */
export type Group = (program: Command, bind: Bind) => void;

/** For options that are lengths of time, in milliseconds. */
export function durationOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text): Ms => {
    const ms = parseDuration(text);
    if (ms === undefined) throw new InvalidArgumentError('write a length of time such as "30s", "5m" or "1h".');
    return ms;
  });
}
