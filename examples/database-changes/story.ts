import type { Said } from "./processes.ts";
import { RELEASES } from "./releases.ts";
import { type Audit, audit } from "./shapes.ts";
import { Stage, type StageOptions } from "./stage.ts";
import { type Load, startTraffic, type Traffic } from "./traffic.ts";

export type StoryOptions = StageOptions & Load & { readonly say: (line: string) => void };

/** What was seen at one moment of the story. */
export type Moment = {
  readonly audit: Audit;
  /** Answers by version, of those that came while it was looked at. */
  readonly versions: Readonly<Record<string, number>>;
};

/** A hook of a rollout, as `sluice explain` has it. */
export type HookRun = { readonly name: string; readonly is: string; readonly text: string; readonly output: string };

/** What came of it. */
export type Outcome = {
  readonly requests: number;
  readonly failures: readonly string[];
  /** People of whom the database says something else than was acknowledged, once the users had stopped. */
  readonly lost: readonly string[];
  readonly moments: Readonly<Record<string, Moment>>;
  readonly commands: Readonly<Record<string, Said>>;
  /** By rollout. */
  readonly hooks: Readonly<Record<string, readonly HookRun[]>>;
};

/** Answers that are waited for before a moment is judged. */
const ANSWERS = 60;

/** Three releases of the application and a change of its one table, with users who read and write all the time. */
export async function tell(options: StoryOptions): Promise<Outcome> {
  await using stage = await Stage.open(options);
  const teller = await underTraffic(stage, options);
  const { requests, failures, written } = teller.traffic;
  const { moments, commands, hooks } = teller;
  return { requests, failures, lost: lostOf(stage, written), moments, commands, hooks };
}

/** When it is over, so are the users. */
async function underTraffic(stage: Stage, options: StoryOptions): Promise<Teller> {
  await using users = startTraffic(stage.url, options);
  const teller = new Teller(options, stage, users.tally);
  await teller.moment("v1");
  await firstTry(teller, stage);
  await secondRelease(teller, stage);
  await thirdRelease(teller, stage);
  await contracting(teller, stage);
  return teller;
}

async function firstTry(teller: Teller, stage: Stage): Promise<void> {
  teller.title("v2 is tried, and taken back at 50 %");
  await stage.deploy("green", "v2");
  await teller.sluice("firstStart", 8, "start", "web", "--to", "green", "--version", "v2", "--wait");
  await teller.migrate("expandAgain", 0, "expand", "v2");
  await teller.moment("v2At50");
  await teller.sluice("abort", 0, "abort", "web", "--reason", "v2 looks wrong", "--wait");
  await teller.moment("v1Again");
  await teller.explain("web-1");
}

async function secondRelease(teller: Teller, stage: Stage): Promise<void> {
  teller.title("v2 is released: it writes both shapes");
  await teller.sluice("secondStart", 8, "start", "web", "--to", "green", "--version", "v2", "--wait");
  await teller.sluice("secondAdvance", 0, "advance", "web", "--wait");
  await teller.moment("v2");
  await teller.explain("web-2");
  await stage.stop("blue");
}

async function thirdRelease(teller: Teller, stage: Stage): Promise<void> {
  teller.title("v3 is released: it knows the new shape only");
  await stage.deploy("blue", "v3");
  await teller.sluice("thirdStart", 8, "start", "web", "--to", "blue", "--version", "v3", "--wait");
  await teller.moment("v3At50");
  await teller.migrate("contractTooEarly", 1, "contract", "v3");
  await teller.sluice("thirdAdvance", 0, "advance", "web", "--wait");
  await teller.moment("v3");
  await teller.explain("web-3");
}

async function contracting(teller: Teller, stage: Stage): Promise<void> {
  teller.title("v2 is stopped, and the old shape taken away");
  await stage.stop("green");
  // An undo goes by the health that was seen last, and from the contract step on nobody may be sent to v2.
  await stage.seenDown("green");
  await teller.migrate("contract", 0, "contract", "v3");
  await teller.migrate("contractAgain", 0, "contract", "v3");
  await teller.moment("contracted");
  teller.title("nobody gets back to v2 from here");
  await stage.deploy("green", "v2");
  await teller.sluice("undo", 3, "undo", "web", "--wait");
  await teller.moment("undoRefused");
}

/** Does one thing after the other, says what it does, and keeps what came of it. */
class Teller {
  readonly traffic: Traffic["tally"];
  readonly moments: Record<string, Moment> = {};
  readonly commands: Record<string, Said> = {};
  readonly hooks: Record<string, readonly HookRun[]> = {};
  readonly #options: StoryOptions;
  readonly #stage: Stage;
  readonly #shown = new Set<string>();

  constructor(options: StoryOptions, stage: Stage, traffic: Traffic["tally"]) {
    this.#options = options;
    this.#stage = stage;
    this.traffic = traffic;
  }

  title(text: string): void {
    this.#options.say(`\n${text}`);
  }

  /** Runs a command of Sluice. Throws where it ends with another code than the story knows. */
  sluice(name: string, code: number, ...args: readonly string[]): Promise<void> {
    return this.#command(name, code, ["sluice", ...args], this.#stage.sluice(...args));
  }

  /** What a hook does, by hand. */
  migrate(name: string, code: number, ...args: readonly string[]): Promise<void> {
    return this.#command(name, code, ["./migrate.ts", ...args], this.#stage.migrate(...args));
  }

  /** Keeps what the hooks of a rollout said, and shows it. */
  async explain(rollout: string): Promise<void> {
    const { text } = await this.#stage.sluice("explain", rollout, "--output", "json");
    const { hooks } = JSON.parse(text) as { hooks: readonly HookRun[] };
    this.#options.say(`  what the hooks of ${rollout} said:`);
    for (const { output } of hooks) this.#options.say(`    ${output.trim()}`);
    this.hooks[rollout] = hooks;
  }

  async #command(name: string, code: number, words: readonly string[], running: Promise<Said>): Promise<void> {
    this.#options.say(`  $ ${words.join(" ")}`);
    const said = await running;
    // Who waits for a rollout is shown it from its start, each time.
    const lines = said.text.split("\n").filter((line) => line.trim() !== "" && !this.#shown.has(line));
    for (const line of lines) this.#options.say(`    ${line}`);
    for (const line of lines.filter((one) => /^\d\d:/.test(one))) this.#shown.add(line);
    if (said.code !== code) throw new Error(`${words.join(" ")} ended with ${said.code}, not with ${code}:\n${said.text}`);
    this.commands[name] = said;
  }

  /** Looks at every row while the users go on, and at who answers them. */
  async moment(name: string): Promise<void> {
    this.traffic.forget();
    await this.traffic.more(ANSWERS);
    this.#options.interrupted.throwIfAborted();
    const versions = { ...this.traffic.versions };
    const seen = audit(this.#stage.database);
    this.moments[name] = { audit: seen, versions };
    const who = Object.entries(versions).map(([version, count]) => `${version} ${count}`);
    this.#options.say(
      `  ${seen.rows} rows with ${seen.columns.join(", ")}: ${seen.unfilled} without the new shape, ${seen.apart} of which the shapes differ. ` +
        `Answers: ${who.join(", ")}; ${this.traffic.failures.length} of ${this.traffic.requests} requests failed`,
    );
  }
}

/** Compares every row with what its user was told last. */
function lostOf(stage: Stage, written: ReadonlyMap<number, string>): readonly string[] {
  const people = RELEASES.v3.people(stage.database);
  return [...written].flatMap(([id, name]) => {
    const found = people.find(id)?.name ?? "nobody";
    return found === name ? [] : [`${id} is ${found}, and ${name} was written`];
  });
}
