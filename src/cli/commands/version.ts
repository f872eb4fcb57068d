import type { Group, Run } from "../command.ts";
import { tell } from "../context.ts";
import { EXIT } from "../exit.ts";
import { ownVersion } from "../own-version.ts";
import { type Skew, serverVersion, skewOf } from "../server-version.ts";

/** `version`: of this program, and of the controller that it talks to. */
export const versionCommands: Group = (program, bind) => {
  program.command("version").description("show the version of this program and of the controller").action(bind(version));
};

const ADVICE: Readonly<Record<Skew, readonly string[]>> = {
  none: [],
  "client-older": ["this program is older than the controller: upgrade it"],
  "server-older": ["the controller is older than this program: upgrade it, then restart it; traffic stays as it is meanwhile"],
};

const version: Run<object> = async (context) => {
  const client = await ownVersion();
  const server = await serverVersion(context);
  const told = server.version === null ? `unknown: ${server.reason}` : `${server.version} (${server.address})`;
  const skew = server.version === null ? null : skewOf(client, server.version);
  const lines = () => [`client ${client}`, `server ${told}`, ...(skew === null ? [] : ADVICE[skew])];
  await tell(context, { json: { client: { version: client }, server, skew }, names: [client], lines });
  return EXIT.reached;
};
