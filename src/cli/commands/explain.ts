import type { Group, Run } from "../command.ts";
import { tell } from "../context.ts";
import { EXIT } from "../exit.ts";
import { explainedLines } from "../format/explained.ts";
import { onlineOrRead } from "../open.ts";

type Options = { readonly windows?: boolean };

/** `explain`: why a rollout is where it is, or ended as it did. */
export const explainCommands: Group = (program, bind) => {
  program
    .command("explain")
    .argument("<rollout>", "its id, such as web-12")
    .description("say why a rollout went on, back or nowhere, with what each check saw")
    .option("--windows", "also the windows that were compared, with the evidence after each")
    .action(bind(explain));
};

const explain: Run<Options> = (context, [id = ""], { windows = false }) =>
  onlineOrRead(context, { rollout: id }, async (session) => {
    const explanation = await session.explanation(id);
    const lines = () => explainedLines(explanation, context.out, context.io.wall(), windows);
    await tell(context, { json: explanation, names: [explanation.rollout.id], lines });
    return EXIT.reached;
  });
