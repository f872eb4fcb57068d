import type { Group } from "./command.ts";
import { ASKED } from "./completion/scripts.ts";

/** Commands that stand in one file, which is loaded only where one of them is called, or all of them are listed. */
export type Part = { readonly names: readonly string[]; readonly load: () => Promise<Group> };

export type Catalogue = readonly (readonly [heading: string, parts: readonly Part[]])[];

/** The command table, in the order of `--help`. */
const CATALOGUE: Catalogue = [
  [
    "Set up:",
    [
      {
        names: ["init", "check", "schema", "render"],
        load: async () => (await import("./commands/configuration.ts")).configurationCommands,
      },
      { names: ["doctor"], load: async () => (await import("./commands/doctor.ts")).doctorCommands },
      { names: ["serve"], load: async () => (await import("./commands/serve.ts")).serveCommands },
      { names: ["reload"], load: async () => (await import("./commands/reload.ts")).reloadCommands },
      { names: ["token"], load: async () => (await import("./commands/token.ts")).tokenCommands },
      { names: ["completion", ASKED], load: async () => (await import("./commands/completion.ts")).completionCommands },
      { names: ["demo"], load: async () => (await import("./commands/demo.ts")).demoCommands },
    ],
  ],
  [
    "Look:",
    [
      { names: ["status"], load: async () => (await import("./commands/status.ts")).statusCommands },
      { names: ["watch"], load: async () => (await import("./commands/watch.ts")).watchCommands },
      { names: ["dashboard"], load: async () => (await import("./commands/dashboard.ts")).dashboardCommands },
      { names: ["events"], load: async () => (await import("./commands/events.ts")).eventsCommands },
      { names: ["history"], load: async () => (await import("./commands/history.ts")).historyCommands },
      { names: ["explain"], load: async () => (await import("./commands/explain.ts")).explainCommands },
      { names: ["judge"], load: async () => (await import("./commands/judge.ts")).judgeCommands },
      { names: ["inspect"], load: async () => (await import("./commands/inspect.ts")).inspectCommands },
      { names: ["version"], load: async () => (await import("./commands/version.ts")).versionCommands },
    ],
  ],
  [
    "Move traffic:",
    [
      { names: ["plan"], load: async () => (await import("./commands/plan.ts")).planCommands },
      { names: ["start", "switch"], load: async () => (await import("./commands/start.ts")).startCommands },
      {
        names: ["advance", "promote", "pause", "resume", "abort", "retry", "skip", "exclude"],
        load: async () => (await import("./commands/steer.ts")).steerCommands,
      },
      { names: ["undo"], load: async () => (await import("./commands/undo.ts")).undoCommands },
      { names: ["members"], load: async () => (await import("./commands/members.ts")).membersCommands },
    ],
  ],
];

/** The part with the command that is called; the whole table where the first word is none: for help, or to say what was probably meant. */
export function neededParts(argv: readonly string[]): Catalogue {
  const called = commandOf(argv);
  const about = called === ASKED ? commandOf(argv.slice(argv.indexOf("--") + 1, -1)) : called;
  if (!CATALOGUE.some(([, parts]) => parts.some(({ names }) => names.includes(about ?? "")))) return CATALOGUE;
  const needed = new Set([called, about]);
  return CATALOGUE.map(([heading, parts]) => [heading, parts.filter(({ names }) => names.some((name) => needed.has(name)))]);
}

/** The first word that is neither an option nor the value of one. */
function commandOf(words: readonly string[]): string | undefined {
  return words.find((word, index) => !word.startsWith("-") && !VALUED.has(words[index - 1] ?? ""));
}

/** Global options whose value is a word of its own. */
const VALUED = new Set(["-c", "--config", "--url", "--token", "--token-file", "--ca", "-o", "--output"]);
