import type { Group, Run } from "../command.ts";
import { tell } from "../context.ts";
import { EXIT } from "../exit.ts";
import { firstLook } from "../first-look.ts";
import { serviceLines } from "../format/service.ts";
import { servicesTable } from "../format/services.ts";
import { onlineOrNot } from "../open.ts";

/** `status`: what is wanted, what nginx does, what traffic shows, and where the rollouts are. */
export const statusCommands: Group = (program, bind) => {
  program
    .command("status")
    .argument("[service]", "one service, with its members, targets, steps and checks")
    .description("show services: shares requested, in nginx and observed, rollout and health")
    .action(bind(status));
};

const status: Run<object> = (context, [name]) =>
  onlineOrNot(context, { service: name }, async (session) => {
    if (session.offline) await firstLook(session, context.io.mono);
    if (name === undefined) {
      const services = await session.services();
      const names = services.map((service) => service.name);
      await tell(context, { json: { services }, names, lines: () => servicesTable(services, context.out) });
    } else {
      const service = await session.service(name);
      const lines = () => serviceLines(service, context.out, context.io.wall());
      await tell(context, { json: service, names: [service.name], lines });
    }
    return EXIT.reached;
  });
