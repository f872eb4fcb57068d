import type { Group, Run } from "../command.ts";

/** `demo`: a whole stack of its own on free loopback ports, gone without a trace afterwards. */
export const demoCommands: Group = (program, bind) => {
  program
    .command("demo")
    .description("show it all on a throw-away nginx with four small servers, in about a minute")
    .option("--keep", "stay up and print the commands to play with")
    .action(bind(demo));
};

const demo: Run<{ keep?: boolean }> = (context, _args, options) =>
  context.parts.runDemo({ io: context.io, keep: options.keep === true, colour: context.flags.color });
