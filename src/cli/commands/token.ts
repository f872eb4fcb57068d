import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../../config/duration.ts";
import type { Scope, TokenView } from "../../core/token.ts";
import type { Ms } from "../../core/units.ts";
import type { Group, Run } from "../command.ts";
import { type Context, say, tell } from "../context.ts";
import { EXIT } from "../exit.ts";
import { type Column, table } from "../format/table.ts";
import { plain } from "../format/width.ts";
import { onlineOrElse, quietLog } from "../open.ts";
import { CLI_ACTOR, type Tokens } from "../session.ts";

const SCOPES: readonly Scope[] = ["read", "operate", "admin"];

/** `token`: who may do what; also without a running controller. */
export const tokenCommands: Group = (program, bind) => {
  const token = program.command("token").description("make tokens for people and programs, list them, take them back");
  token
    .command("create")
    .argument("<name>", "the actor of what is done with it")
    .description("make a token, and print it this once")
    .addOption(
      new Option("--scope <scope>", "what it may do; operate holds read, admin holds both").choices(SCOPES).makeOptionMandatory(),
    )
    .option("--service <name>", "the only service that it reaches; may be given several times", several, [])
    .addOption(
      new Option("--expires <duration>", "how long it holds, such as 90d or 12h; left out, until it is revoked").argParser(
        lifetime,
      ),
    )
    .action(bind(create));
  token.command("list").description("show the tokens that were made, without themselves").action(bind(list));
  revocation(token).action(bind(revoke));
};

function revocation(token: Command): Command {
  return token
    .command("revoke")
    .argument("<token>", "its name, as list shows it")
    .description("take a token back: it opens nothing any more");
}

const several = (name: string, before: readonly string[]): readonly string[] => [...before, name];

const DAY_MS: Ms = 24 * 60 * 60_000;

/** The lengths of time of the configuration, and days up to ten years. */
function lifetime(text: string): Ms {
  const days = /^([1-9]\d{0,3})d$/.exec(text)?.[1];
  const ms = days === undefined ? parseDuration(text) : Number(days) * DAY_MS;
  if (ms === undefined || ms < 1_000 || ms > 3_653 * DAY_MS)
    throw new InvalidArgumentError('write a length of time such as "12h" or "90d", at most 3653d.');
  return ms;
}

type CreateOptions = { readonly scope: Scope; readonly service: string[]; readonly expires?: Ms };

const create: Run<CreateOptions> = (context, [name = ""], { scope, service, expires }) =>
  withTokens(context, async (tokens) => {
    const limits = {
      ...(service.length === 0 ? {} : { services: service }),
      ...(expires === undefined ? {} : { expiresInMs: expires }),
    };
    const created = await tokens.create({ name, scope, ...limits });
    await tell(context, { json: created, names: [created.about.name], lines: () => [created.token] });
    say(context, "this is the only time that it is shown: keep it where secrets are kept");
    return EXIT.reached;
  });

const list: Run<object> = (context) =>
  withTokens(context, async (tokens) => {
    const found = await tokens.list();
    const lines = () => (found.length === 0 ? [] : table(COLUMNS, found.map(rowOf), context.out));
    await tell(context, { json: { tokens: found }, names: found.map(({ name }) => name), lines });
    if (found.length === 0) say(context, "no token was made; the first one lies in the state folder");
    return EXIT.reached;
  });

const revoke: Run<object> = (context, [name = ""]) =>
  withTokens(context, async (tokens) => {
    const revoked = await tokens.revoke(name);
    await tell(context, { json: revoked, names: [revoked.name], lines: () => [`revoked ${plain(revoked.name)}`] });
    return EXIT.reached;
  });

const COLUMNS: readonly Column[] = [
  { title: "NAME" },
  { title: "SCOPE" },
  { title: "SERVICES", shrinks: true },
  { title: "CREATED" },
  { title: "BY", shrinks: true },
  { title: "EXPIRES" },
  { title: "LAST USED" },
];

function rowOf({ name, scope, services, createdAt, createdBy, expiresAt, lastUsedAt }: TokenView): string[] {
  const minute = (at: string | null, none: string) => (at === null ? none : `${at.slice(0, 16).replace("T", " ")}Z`);
  const dates = [minute(expiresAt, "never"), minute(lastUsedAt, "never")];
  return [name, scope, services?.join(", ") ?? "all", minute(createdAt, ""), createdBy, ...dates];
}

/** With the running controller, or where nobody listens, on its state, under its lock. */
function withTokens<T>(context: Context, act: (tokens: Tokens) => Promise<T>): Promise<T> {
  return onlineOrElse(
    context,
    {},
    ({ tokens }) => act(tokens),
    async (config) => {
      const { openTokenBook } = await import("../../app.ts");
      await using opened = await openTokenBook({ config, env: context.io.env, log: quietLog(context) });
      const { book } = opened;
      return await act({
        list: async () => book.list(),
        create: ({ services = null, expiresInMs = null, ...rest }) => book.create({ ...rest, services, expiresInMs }, CLI_ACTOR),
        revoke: (name) => book.revoke(name, CLI_ACTOR),
      });
    },
  );
}
