import { Command, CommanderError, Option } from "commander";
import { neededParts } from "./catalogue.ts";
import type { Bind } from "./command.ts";
import { contextOf, type Flags, OUTPUTS, type Parts } from "./context.ts";
import { EXIT, EXIT_HELP, type ExitCode } from "./exit.ts";
import { explain } from "./failure.ts";
import { errorLines } from "./format/problem.ts";
import { styleOf } from "./format/style.ts";
import { type Io, line } from "./io.ts";

/** Runs one command line to its exit code. Never throws: whatever goes wrong is told on stderr. */
export async function run(io: Io, parts: Parts): Promise<ExitCode> {
  let exit: ExitCode = EXIT.reached;
  let noColour = false;
  const bind: Bind =
    (act) =>
    async (...received) => {
      const command = received.at(-1) as Command;
      const flags = command.optsWithGlobals<Flags>();
      noColour = !flags.color;
      exit = await act(contextOf(io, parts, flags), positional(command), command.opts() as never);
    };
  try {
    await (await table(io, bind)).parseAsync(asCommand(io.argv), { from: "user" });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.reached : EXIT.usage;
    const explained = explain(error);
    if (io.env.SLUICE_DEBUG !== undefined && error instanceof Error) line(io.stderr, error.stack);
    for (const text of errorLines(explained, styleOf(io.stderr, io.env, noColour))) line(io.stderr, text);
    return explained.exit;
  }
}

async function table(io: Io, bind: Bind): Promise<Command> {
  const program = new Command("sluice")
    .description("Blue/green and canary rollouts for plain, open-source nginx.")
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError("(more with --help)")
    .addHelpText("after", EXIT_HELP);
  globalOptions(program);
  for (const [heading, parts] of neededParts(asCommand(io.argv))) {
    program.commandsGroup(heading);
    for (const group of await Promise.all(parts.map((part) => part.load()))) group(program, bind);
  }
  return program;
}

/** `--version` alone is what everybody tries first; as an option of the program it would eat the `--version` of `start`. */
function asCommand(argv: readonly string[]): string[] {
  return argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V") ? ["version"] : [...argv];
}

function globalOptions(program: Command): void {
  program
    .option("-c, --config <file>", "configuration: SLUICE_CONFIG, ./sluice.yaml or /etc/sluice/sluice.yaml where left out")
    .option("--url <address>", "the controller: http://host:port or unix:/path; SLUICE_URL or the configuration where left out")
    .option("--token <token>", "token for it; safer in SLUICE_TOKEN, SLUICE_TOKEN_FILE or the state folder")
    .option("--token-file <file>", "file that holds the token")
    .option("--ca <file>", "certificate of the authority (PEM) that vouches for the controller; SLUICE_CA where left out")
    .addOption(new Option("-o, --output <form>", "how data is printed").choices(OUTPUTS).default("table"))
    .option("--no-color", "no colours; so does NO_COLOR")
    .option("--no-input", "ask nothing and take no keys, as where stdin is no terminal");
}

/** Positional arguments in a row; a list at the end is spread out. */
function positional(command: Command): string[] {
  return command.processedArgs.flat().filter((argument): argument is string => typeof argument === "string");
}
