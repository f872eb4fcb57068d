import type { Group, Run } from "../command.ts";
import { tell } from "../context.ts";
import { EXIT } from "../exit.ts";
import { explainedLines } from "../format/explained.ts";
import { onlineOrNot } from "../open.ts";

/** `explain`: why a rollout is where it is, or ended as it did. */
export const explainCommands: Group = (program, bind) => {
  program
    .command("explain")
    .argument("<rollout>", "its id, such as web-12")
    .description("say why a rollout went on, back or nowhere, with what each check saw")
    .action(bind(explain));
};

const explain: Run<object> = (context, [id = ""]) =>
  onlineOrNot(context, {}, async (session) => {
    const rollout = await session.rollout(id);
    const lines = () => explainedLines(rollout, context.out, context.io.wall());
    await tell(context, { json: rollout, names: [rollout.id], lines });
    return EXIT.reached;
  });
