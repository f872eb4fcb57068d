import { Argument, type Command } from "commander";
import type { Client } from "../../client/client.ts";
import { findController } from "../address.ts";
import type { Group, Run } from "../command.ts";
import { candidatesFor, type Names, type Noun } from "../completion/candidates.ts";
import { ANY_FILE, ASKED, completionScript, SHELLS, type Shell } from "../completion/scripts.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit.ts";
import { plain } from "../format/width.ts";
import { clientOf } from "../http.ts";
import { line } from "../io.ts";

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
  { service, pool, written }: Parameters<Names>[1],
): Promise<readonly string[]> {
  const client = clientOf(await findController({ ...flags, ...given(program, words) }, io.env, io.cwd));
  if (noun === "service") return (await client.services()).map(({ name }) => name);
  if (noun === "token") return (await client.tokens()).map(({ name }) => name);
  if (noun === "rollout") return rolloutsOf(client, written);
  if (service === null) return [];
  const { pools } = await client.service(service);
  if (noun === "pool") return Object.keys(pools);
  const members = pool === null ? Object.values(pools).flatMap((one) => one.members) : (pools[pool]?.members ?? []);
  return [...new Set(members.map(({ address }) => address))];
}

/** More services are not asked for what they had: then there is the newest rollout of each. */
const MOST_ASKED = 10;
/** Rollouts of one service; those before are typed. */
const EACH = 20;

/** Rollouts, the newest of each service first: those of the services that fit what is written. */
async function rolloutsOf(client: Client, written: string): Promise<readonly string[]> {
  const services = (await client.services()).flatMap(({ name, rollout }) => (rollout === null ? [] : [{ name, id: rollout.id }]));
  const fitting = services.filter(({ name }) => `${name}-`.startsWith(written) || written.startsWith(`${name}-`));
  if (fitting.length > MOST_ASKED) return fitting.map(({ id }) => id);
  const pages = await Promise.all(fitting.map(({ name }) => client.rollouts(name, { limit: EACH })));
  return pages.flatMap(({ rollouts }) => rollouts.map(({ id }) => id));
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
