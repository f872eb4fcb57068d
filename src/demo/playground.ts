import { paint, type Style } from "../cli/format/style.ts";
import { lookAt } from "../cli/look.ts";
import { pause } from "./play.ts";
import { SERVICE, type Stack } from "./stack.ts";
import type { Stage } from "./stage.ts";

const LOOK_MS = 500;

/** Stays up until `interrupted`, and shows what happens to the service meanwhile. */
export async function keepUp(stack: Stack, stage: Stage, interrupted: AbortSignal): Promise<void> {
  stage.say(...invitation(stack, stage.style));
  const heading = {
    act: null,
    title: "Yours to play with",
    happens: ["Run the commands above in another terminal, and watch here what clients see."],
    command: null,
  };
  stage.begin(heading, await stack.session.service(SERVICE));
  let seen = 0;
  while (!interrupted.aborted) {
    const service = await stack.session.service(SERVICE);
    if (service.rollout === null) stage.show({ service, rollout: null, events: [] });
    else {
      const look = await lookAt(stack.session, SERVICE, service.rollout.id, seen);
      seen = look.events.at(-1)?.seq ?? seen;
      stage.show(look);
    }
    await pause(LOOK_MS, interrupted);
  }
}

/** Exact commands, to be copied as they are. */
function invitation({ url, api, folder, config, tokenFile, pools }: Stack, style: Style): string[] {
  const green = (path: string) => `  curl -X POST ${pools.green.map((server) => `${server.address}/${path}`).join(" ")}`;
  const about = (text: string) => paint(style, "dim", `  # ${text}`);
  return [
    paint(style, "bold", "Up until Ctrl-C. In another terminal, in the same folder:"),
    "",
    `  export SLUICE_CONFIG=${config}`,
    "",
    about("a canary to v2 on green; break v2 while it runs, and mend it again"),
    `  npx sluice start ${SERVICE} --strategy canary --to green --version v2`,
    green("break"),
    green("mend"),
    "",
    about("everything at once, and back; have a look; stop a rollout"),
    `  npx sluice switch ${SERVICE} green`,
    `  npx sluice switch ${SERVICE} blue`,
    `  npx sluice status ${SERVICE}`,
    `  npx sluice abort ${SERVICE}`,
    "",
    about("what a client gets, and the API without the command line"),
    `  curl -i ${url}`,
    `  curl ${api}/v1/services/${SERVICE} \\`,
    `    -H "Authorization: Bearer $(cat ${tokenFile})"`,
    "",
    about(`all calls: ${api}/docs`),
    about(`nginx.conf and sluice.yaml: ${folder}`),
    "",
  ];
}
