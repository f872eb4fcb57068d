import type { Group, Run } from "../command.ts";
import { firstLook } from "../first-look.ts";
import { onlineOrNot } from "../open.ts";
import { conclude, type WaitOptions, waitOptions } from "../waiting.ts";
import { revisionNumber } from "./history.ts";

type Options = WaitOptions & { readonly revision?: number; readonly replace?: boolean; readonly reason?: string };

/** `undo`: back to what was stable before. */
export const undoCommands: Group = (program, bind) => {
  const undo = program
    .command("undo")
    .argument("<service>")
    .description("go back to what was stable before, at once where its pool is still warm; also without a running controller")
    .option("--revision <number>", "the revision to go back to, as history numbers it", revisionNumber)
    .option("--replace", "send a rollout that is under way back first")
    .option("--reason <text>", "why, for the journal");
  waitOptions(undo, true).action(bind(undoService));
};

const undoService: Run<Options> = (context, [service = ""], options) =>
  onlineOrNot(context, { service }, async (session) => {
    // Whether a pool is warm is known only once it has been seen.
    if (session.offline) await firstLook(session, context.io.mono);
    const { revision, replace, reason } = options;
    const rollout = await session.undo(service, {
      ...(revision === undefined ? {} : { revision }),
      ...(replace === undefined ? {} : { replace }),
      ...(reason === undefined ? {} : { reason }),
    });
    return conclude(context, session, rollout, { ...options, goal: "promoted", waitsOnTerminal: true });
  });
