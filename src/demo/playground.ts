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
  const sluice = (words: string) => `  npx sluice ${words} --config ${config}`;
  const green = pools.green.map((server) => server.address);
  const each = (path: string) => `  for app in ${green.join(" ")}; do curl -sX POST http://$app/${path}; done`;
  const title = (text: string) => paint(style, "bold", text);
  return [
    title("It stays up until Ctrl-C. In another terminal, in this folder:"),
    "",
    "  # a canary to v2 on green; then break v2 while it runs, and mend it again",
    sluice(`start ${SERVICE} --strategy canary --to green --version v2`),
    each("break"),
    each("mend"),
    "",
    "  # everything at once, and back; look; stop a rollout",
    sluice(`switch ${SERVICE} green`),
    sluice(`switch ${SERVICE} blue`),
    sluice(`status ${SERVICE}`),
    sluice(`abort ${SERVICE}`),
    "",
    "  # what a client gets, and the API without the command",
    `  curl -i ${url}`,
    `  curl -H "Authorization: Bearer $(cat ${tokenFile})" ${api}/v1/services/${SERVICE}`,
    "",
    `  # the API's reference page is ${api}/docs; nginx.conf and sluice.yaml are in ${folder}`,
    "",
  ];
}
