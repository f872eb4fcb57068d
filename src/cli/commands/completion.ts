import { Argument, type Command } from "commander";
import { findController } from "../address.ts";
import type { Group, Run } from "../command.ts";
import { candidatesFor, type Names, type Noun } from "../completion/candidates.ts";
import { ANY_FILE, ASKED, completionScript, SHELLS, type Shell } from "../completion/scripts.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit.ts";
import { plain } from "../format/width.ts";
import { line } from "../io.ts";
import { remoteSession } from "../remote.ts";

/** `completion`: what a shell reads to complete commands, options and names. */
export const completionCommands: Group = (program, bind) => {
  program
    .command("completion")
    .addArgument(new Argument("<shell>", "which shell").choices(SHELLS))
    .description("print what a shell completes by: commands, options, and the names that the controller knows")
    .action(bind(script));
  program
    .command(ASKED, { hidden: true })
    .argument("[words...]")
    .action(bind(answer(program)));
};

const script: Run<object> = async (context, [shell]) => {
  context.io.stdout.write(completionScript(shell as Shell));
  return EXIT.reached;
};

/** Says nothing on stderr and never fails: whoever completes is in the middle of a line. */
const answer =
  (program: Command): Run<object> =>
  async (context, words) => {
    const { words: found, files } = await candidatesFor(program, words, namesOf(context, program, words));
    for (const { value, about } of found) line(context.io.stdout, `${plain(value)}\t${plain(about)}`);
    if (files) line(context.io.stdout, ANY_FILE);
    return EXIT.reached;
  };

/** Longer nobody waits for a word. */
const LIMIT_MS = 1_000;

function namesOf(context: Context, program: Command, words: readonly string[]): Names {
  return async (noun, within) => {
    const late = new Promise<readonly string[]>((resolve) => setTimeout(resolve, LIMIT_MS, []).unref());
    // No name is a name less to choose from, and nothing that a shell could show.
    return Promise.race([late, asked(context, program, words, noun, within).catch(() => [])]);
  };
}

async function asked(
  { io, flags }: Context,
  program: Command,
  words: readonly string[],
  noun: Noun,
  { service, pool }: Parameters<Names>[1],
): Promise<readonly string[]> {
  const session = remoteSession(await findController({ ...flags, ...given(program, words) }, io.env, io.cwd));
  if (noun === "service") return (await session.services()).map(({ name }) => name);
  if (noun === "rollout") return (await session.services()).flatMap(({ rollout }) => (rollout === null ? [] : [rollout.id]));
  if (service === null) return [];
  const { pools } = await session.service(service);
  if (noun === "pool") return Object.keys(pools);
  const members = pool === null ? Object.values(pools).flatMap((one) => one.members) : (pools[pool]?.members ?? []);
  return [...new Set(members.map(({ address }) => address))];
}

/** The options on the line that say where the controller is. */
function given(program: Command, words: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const option of program.options.filter(({ required }) => required)) {
    for (const [index, word] of words.slice(0, -1).entries()) {
      const value = words[index + 1];
      if ((word === option.long || word === option.short) && value !== undefined) found[option.attributeName()] = value;
      else if (option.long !== undefined && word.startsWith(`${option.long}=`))
        found[option.attributeName()] = word.slice(option.long.length + 1);
    }
  }
  return found;
}
