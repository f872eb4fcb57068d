import { InvalidArgumentError } from "commander";
import type { Group, Run } from "../command.ts";
import { tell } from "../context.ts";
import { EXIT } from "../exit.ts";
import { Failure } from "../failure.ts";
import { historyTable, revisionLines } from "../format/history.ts";
import { onlineOrRead } from "../open.ts";
import type { Session } from "../session.ts";

type Options = { readonly revision?: number; readonly limit: number };

const MOST = 100;
const USUAL = 20;

/** `history`: what was stable when, and how each rollout ended. */
export const historyCommands: Group = (program, bind) => {
  program
    .command("history")
    .argument("<service>")
    .description("list the finished rollouts of a service: what became stable, and what was reverted; also without a controller")
    .option("--revision <number>", "show this one with its members", revisionNumber)
    .option("-n, --limit <number>", "how many, newest first", limitNumber, USUAL)
    .action(bind(history));
};

const history: Run<Options> = (context, [service = ""], { revision, limit }) =>
  onlineOrRead(context, { service }, async (session) => {
    const now = context.io.wall();
    if (revision !== undefined) {
      const found = await one(session, service, revision);
      const lines = () => revisionLines(service, found, context.out, now);
      await tell(context, { json: found, names: [String(found.number)], lines });
      return EXIT.reached;
    }
    const revisions = await session.revisions(service, { limit, before: null });
    const names = revisions.map(({ number }) => String(number));
    const none = [`no rollout of ${service} has ended yet`];
    const lines = () => (revisions.length === 0 ? none : historyTable(revisions, context.out, now));
    await tell(context, { json: { revisions }, names, lines });
    return EXIT.reached;
  });

async function one(session: Session, service: string, number: number) {
  const [found] = await session.revisions(service, { limit: 1, before: number + 1 });
  if (found?.number === number) return found;
  throw new Failure(EXIT.usage, `${service} has no revision ${number}, or it is no longer kept`, {
    code: "unknown-revision",
    hint: `sluice history ${service}`,
  });
}

/** The number of a revision, 0 or more. */
export function revisionNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("write the number of a revision, 0 or more.");
  return Number(text);
}

function limitNumber(text: string): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MOST) throw new InvalidArgumentError(`write a number from 1 to ${MOST}.`);
  return limit;
}
