import { findController } from "../address.ts";
import type { Group, Run } from "../command.ts";
import { type Context, tell } from "../context.ts";
import { EXIT } from "../exit.ts";
import { Failure } from "../failure.ts";
import { ask, place } from "../http.ts";
import { ownVersion } from "../own-version.ts";

type Server = { readonly version: string; readonly address: string } | { readonly version: null; readonly reason: string };

/** `version`: of this program, and of the controller that it talks to. */
export const versionCommands: Group = (program, bind) => {
  program.command("version").description("show the version of this program and of the controller").action(bind(version));
};

const version: Run<object> = async (context) => {
  const client = await ownVersion();
  const server = await serverVersion(context);
  const told = server.version === null ? `unknown: ${server.reason}` : `${server.version} (${server.address})`;
  const skew = server.version === null || server.version === client ? [] : ["they differ: upgrade the older one"];
  const lines = () => [`client ${client}`, `server ${told}`, ...skew];
  await tell(context, { json: { client: { version: client }, server }, names: [client], lines });
  return EXIT.reached;
};

/** A controller that does not answer is an answer here. */
async function serverVersion({ flags, io }: Context): Promise<Server> {
  try {
    const address = await findController(flags, io.env, io.cwd);
    const { version: running } = await ask<{ version: string }>(address, "/healthz");
    return { version: running, address: place(address) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { version: null, reason: error.message };
  }
}
