import type { Argument, Command, Option } from "commander";

/** A word that may stand where the cursor is, and what it means. */
export type Candidate = { readonly value: string; readonly about: string };

/** Things that the controller has names for. */
export type Noun = "service" | "pool" | "member" | "rollout" | "token";

/**
 * Asks the controller for names of things; `service` and `pool` are what the line names already, null where it does not; `written` is
 * what there is of the name.
 */
export type Names = (
  noun: Noun,
  within: { readonly service: string | null; readonly pool: string | null; readonly written: string },
) => Promise<readonly string[]>;

/** What may follow: words, or any file. */
export type Candidates = { readonly words: readonly Candidate[]; readonly files: boolean };

const FILES: Candidates = { words: [], files: true };
const NOTHING: Candidates = { words: [], files: false };

/** Arguments and options whose values are names that the controller knows. */
const NOUNS: Readonly<Record<string, Noun>> = {
  service: "service",
  pool: "pool",
  to: "pool",
  member: "member",
  members: "member",
  rollout: "rollout",
  export: "rollout",
  token: "token",
};

/** Arguments and options whose values are files. */
const FILED = new Set(["config", "tokenFile", "ca", "nginx", "file", "url-or-file"]);

/** Words of arguments that check them themselves. */
const WORDS: Readonly<Record<string, readonly string[]>> = { action: ["set", "reset", "drain", "ready"] };

/**
 * What may stand in place of the last word of a command line.
 *
 * `words` are those after the program's name; the last one is what has been written of the present one, empty where that is nothing.
 */
export async function candidatesFor(program: Command, words: readonly string[], names: Names): Promise<Candidates> {
  const current = words.at(-1) ?? "";
  const line = readLine(program, words.slice(0, -1));
  if (line.pending !== null)
    return matching(await valuesOf(line, line.pending.attributeName(), line.pending.argChoices, names, current), current);
  const [flag = "", written] = split(current);
  const assigned = written === undefined ? undefined : optionsOf(line).find((one) => one.long === flag);
  if (assigned !== undefined && written !== undefined) {
    const values = matching(await valuesOf(line, assigned.attributeName(), assigned.argChoices, names, written), written);
    return { ...values, words: values.words.map(({ value, about }) => ({ value: `${flag}=${value}`, about })) };
  }
  if (current.startsWith("-")) return matching({ words: optionsOf(line).map(ofOption), files: false }, current);
  if (line.command === null) return matching({ words: commandsOf(program), files: false }, current);
  if (line.command.commands.length > 0) return matching({ words: commandsOf(line.command), files: false }, current);
  const argument = argumentAt(line.command, line.values.length);
  if (line.command.name() === "help") return matching({ words: commandsOf(program), files: false }, current);
  if (argument === undefined) return NOTHING;
  return matching(await valuesOf(line, argument.name(), argument.argChoices, names, current), current);
}

/** What stands before the present word. */
type Line = {
  readonly program: Command;
  readonly command: Command | null;
  readonly values: readonly string[];
  /** The option whose value comes now. */
  readonly pending: Option | null;
};

function readLine(program: Command, words: readonly string[]): Line {
  let line: Line = { program, command: null, values: [], pending: null };
  for (const word of words) {
    if (line.pending !== null) line = { ...line, pending: null };
    else if (word.startsWith("-") && word !== "-") {
      const option = optionsOf(line).find(({ long, short }) => long === word || short === word);
      line = { ...line, pending: option?.required === true ? option : null };
    } else if (line.command === null || line.command.commands.length > 0) {
      line = { ...line, command: find(line.command ?? program, word) };
    } else line = { ...line, values: [...line.values, word] };
  }
  return line;
}

function find(program: Command, name: string): Command | null {
  return name === "help" ? program.createCommand("help") : (program.commands.find((one) => one.name() === name) ?? null);
}

function optionsOf({ program, command }: Line): readonly Option[] {
  return [...(command?.options ?? []), ...program.options].filter((option) => !option.hidden);
}

function ofOption(option: Option): Candidate {
  return { value: option.long ?? option.short ?? "", about: option.description };
}

function commandsOf(program: Command): Candidate[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((command) => ({ value: command.name(), about: command.description() }));
}

function argumentAt(command: Command, index: number): Argument | undefined {
  const all = command.registeredArguments;
  const last = all.at(-1);
  return all[index] ?? (last?.variadic === true ? last : undefined);
}

async function valuesOf(
  line: Line,
  name: string,
  choices: readonly string[] | undefined,
  names: Names,
  written: string,
): Promise<Candidates> {
  if (FILED.has(name)) return FILES;
  const fixed = choices ?? WORDS[name];
  if (fixed !== undefined) return { words: fixed.map((value) => ({ value, about: "" })), files: false };
  const noun = Object.hasOwn(NOUNS, name) ? NOUNS[name] : undefined;
  if (noun === undefined) return NOTHING;
  const found = await names(noun, { service: named(line, "service"), pool: named(line, "pool"), written });
  const taken = new Set(line.values);
  return { words: found.filter((value) => !taken.has(value)).map((value) => ({ value, about: noun })), files: false };
}

function named({ command, values }: Line, name: string): string | null {
  const at = command?.registeredArguments.findIndex((argument) => argument.name() === name) ?? -1;
  return values[at] ?? null;
}

function split(word: string): [flag: string, value?: string] {
  const at = word.startsWith("--") ? word.indexOf("=") : -1;
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

function matching({ words, files }: Candidates, current: string): Candidates {
  return { words: words.filter(({ value }) => value.startsWith(current)), files };
}
