import type { Examined } from "../../app.ts";
import { findConfig, findController } from "../address.ts";
import type { Group, Run } from "../command.ts";
import { type Context, say, tell } from "../context.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { explain } from "../failure.ts";
import { examinedLines } from "../format/examined.ts";
import { ask } from "../http.ts";
import { ownVersion } from "../own-version.ts";
import { type Server, serverVersion, skewOf } from "../server-version.ts";

/** `doctor`: what keeps Sluice from working on this machine, and what to do about it. */
export const doctorCommands: Group = (program, bind) => {
  program
    .command("doctor")
    .description(
      "look at everything that Sluice needs on this machine, and say how to mend it; exit 6 or 1 where something fails",
    )
    .action(bind(doctor));
};

const doctor: Run<object> = async (context) => {
  const { flags, io } = context;
  const config = await findConfig(flags, io.env, io.cwd);
  const server = await serverVersion(context);
  const client = await ownVersion();
  const { diagnose } = await import("../../app.ts");
  const answers = server.version !== null;
  const local = config === null ? [noConfig()] : await diagnose({ config, env: io.env, answers });
  const token = answers ? await ofToken(context) : [];
  const all = [...local, ofController(server, client), ...token];
  await tell(context, { json: { checks: all }, names: all.flatMap(nameOf), lines: () => examinedLines(all, context.out) });
  return judged(context, all);
};

/** Only what is not as it should be has a name that is worth printing. */
function nameOf({ is, area }: Examined): string[] {
  return is === "ok" ? [] : [`${is} ${area}`];
}

function judged(context: Context, all: readonly Examined[]): ExitCode {
  const failed = all.filter(({ is }) => is === "fail");
  const warned = all.filter(({ is }) => is === "warn").length;
  say(context, `${all.length - failed.length - warned} ok, ${warned} to look at, ${failed.length} failed`);
  if (failed.length === 0) return EXIT.reached;
  return failed.some(({ area }) => area === "configuration" || area === "nginx configuration")
    ? EXIT.configuration
    : EXIT.unexpected;
}

function noConfig(): Examined {
  return { area: "configuration", is: "fail", text: "there is none", fix: "sluice init, or name it with --config FILE" };
}

/** Whether the controller takes the token that commands would send, and what it may do. */
async function ofToken({ flags, io }: Context): Promise<Examined[]> {
  const area = "controller";
  try {
    const { name, scopes } = await ask<Whoami>(await findController(flags, io.env, io.cwd), "/v1/whoami");
    return [{ area, is: "ok", text: `it knows you as ${name}, who may ${scopes.join(", ")}`, fix: null }];
  } catch (error) {
    const { exit, what, hint } = explain(error);
    if (exit === EXIT.unexpected) throw error;
    return [{ area, is: "fail", text: what, fix: hint }];
  }
}

type Whoami = { readonly name: string; readonly scopes: readonly string[] };

/** A controller that does not run is no fault: many look before they start it. */
function ofController(server: Server, client: string): Examined {
  const area = "controller";
  if (server.version === null) return { area, is: "warn", text: server.reason, fix: "sluice serve" };
  const skew = skewOf(client, server.version);
  const text = `${server.address} answers, version ${server.version}`;
  if (skew === "none") return { area, is: "ok", text, fix: null };
  const older = skew === "client-older" ? "this program" : "the controller";
  return { area, is: "warn", text: `${text}, and this program is ${client}`, fix: `upgrade ${older}` };
}
