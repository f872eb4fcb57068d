import type { ReloadView } from "../../core/view.ts";
import { findController } from "../address.ts";
import type { Group, Run } from "../command.ts";
import { say, tell } from "../context.ts";
import { EXIT } from "../exit.ts";
import { plain } from "../format/width.ts";
import { ask, place } from "../http.ts";

/** `reload`: what SIGHUP does, with an answer. */
export const reloadCommands: Group = (program, bind) => {
  program
    .command("reload")
    .description("have the running controller read its configuration anew, all or nothing; exit 6 where it is refused")
    .action(bind(reload));
};

const reload: Run<object> = async (context) => {
  const address = await findController(context.flags, context.io.env, context.io.cwd);
  const answer = await ask<ReloadView>(address, "/v1/reload", { method: "POST", body: {} });
  const { added, changed, removed, warnings } = answer;
  const lines = [
    ...added.map((name) => `added ${name}`),
    ...changed.map((name) => `changed ${name}`),
    ...removed.map((name) => `removed ${name}`),
  ].map(plain);
  await tell(context, { json: answer, names: [...added, ...changed, ...removed], lines: () => lines });
  for (const warning of warnings) say(context, `warning: ${plain(warning)}`);
  say(
    context,
    lines.length === 0 ? `${place(address)} has this configuration already` : `${place(address)} took the configuration over`,
  );
  return EXIT.reached;
};
