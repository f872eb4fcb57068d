import type { Ms } from "../../core/units.ts";
import { durationOption, type Group, type Run } from "../command.ts";
import { type Context, tell } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { Failure } from "../failure.ts";
import { serviceLines } from "../format/service.ts";
import { servicesTable, servicesWide } from "../format/services.ts";
import { online, onlineOrRead } from "../open.ts";
import type { ProgressKind } from "../progress.ts";
import { conclude, progressOption } from "../waiting.ts";

type Options = { readonly wait?: boolean; readonly timeout?: Ms; readonly progress: ProgressKind };

/** `status`: what is wanted, what nginx does, what traffic shows, and where the rollouts are. */
export const statusCommands: Group = (program, bind) => {
  program
    .command("status")
    .argument("[service]", "one service, with its members, targets, steps and checks")
    .description("show services: shares requested, in nginx and observed, rollout and health")
    .option("--wait", "wait for the end of its rollout; the exit code tells how the newest one ended")
    .addOption(durationOption("--timeout <duration>", "stop waiting after this long, exit 4; the rollout goes on"))
    .addOption(progressOption())
    .action(bind(status));
};

const status: Run<Options> = (context, [name], options) => {
  if (options.wait !== true) return show(context, name);
  if (name !== undefined) return untilEnd(context, name, options);
  throw new Failure(EXIT.usage, "--wait waits for the rollout of one service", { hint: "name it: sluice status SERVICE --wait" });
};

/** Like `kubectl rollout status`: also what ended already answers with its exit code. */
const untilEnd = (context: Context, name: string, options: Options): Promise<ExitCode> =>
  online(context, { service: name }, async (session) => {
    const { rollout } = await session.service(name);
    if (rollout === null) return show(context, name);
    return conclude(context, session, rollout, { ...options, goal: "promoted", waitsOnTerminal: true, told: "state" });
  });

const show = (context: Context, name: string | undefined): Promise<ExitCode> =>
  onlineOrRead(context, { service: name }, async (session) => {
    if (name === undefined) {
      const services = await session.services();
      const names = services.map((service) => service.name);
      const lines = () => servicesTable(services, context.out);
      await tell(context, { json: { services }, names, lines, wide: () => servicesWide(services, context.out) });
    } else {
      const service = await session.service(name);
      const lines = () => serviceLines(service, context.out, context.io.wall());
      await tell(context, { json: service, names: [service.name], lines });
    }
    return EXIT.reached;
  });
