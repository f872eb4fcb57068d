import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { type Address, findController } from "../address.ts";
import type { Group, Run } from "../command.ts";
import { type Context, type Flags, say, tell } from "../context.ts";
import { EXIT } from "../exit.ts";
import { Failure } from "../failure.ts";
import { plain } from "../format/width.ts";
import { ask, place } from "../http.ts";
import { type Env, line } from "../io.ts";

type Options = { readonly open?: boolean };

/** `dashboard`: where the page is. */
export const dashboardCommands: Group = (program, bind) => {
  program
    .command("dashboard")
    .argument("[service]", "the page of one service")
    .description("print the address of the page, and open it where this terminal has a desktop")
    .option("--open", "open it in a browser, also where stdout is no terminal")
    .option("--no-open", "print the address alone")
    .action(bind(dashboard));
};

const dashboard: Run<Options> = async (context, [service], { open }) => {
  const { flags, io } = context;
  const address = await findController(flags, io.env, io.cwd);
  if (address.socket !== null) throw socketAlone(address);
  // The page is served to everybody; what it will show is asked for with the token that this command has.
  await ask(address, service === undefined ? "/healthz" : `/v1/services/${encodeURIComponent(service)}`);
  const url = `${address.url}/${service === undefined ? "" : `#/services/${encodeURIComponent(service)}`}`;
  const opener = await openerFor(context, open);
  await tell(context, { json: { url, opened: opener !== null }, names: [url], lines: () => [url] });
  for (const text of await signIn(context, address)) say(context, text);
  if (opener !== null) await show(context, opener, url);
  return EXIT.reached;
};

function socketAlone(address: Address): Failure {
  return new Failure(EXIT.unreachable, `${place(address)} has no address for a browser`, {
    hint: "let it listen on 127.0.0.1:7070 (api.listen), or watch in the terminal: sluice watch SERVICE",
  });
}

/** What to type into the page: never the token itself, which would stay in the terminal's history. */
async function signIn({ flags, io }: Context, address: Address): Promise<readonly string[]> {
  const without = await ask({ ...address, token: null }, "/v1/whoami").then(
    () => true,
    () => false,
  );
  if (without) return ["it asks for no token (api.auth: none)"];
  const file = await tokenFile(flags, io.env, address);
  return [
    file === null
      ? "it asks for a token: yours may do there what it may do here"
      : `it asks for a token: the one in ${plain(file)} may do there what it may do here`,
    "for somebody who only looks: sluice token create NAME --scope read",
  ];
}

/** Where this command has its token from; null where that is no file. */
async function tokenFile(flags: Flags, env: Env, { config }: Address): Promise<string | null> {
  if (flags.token !== undefined) return null;
  if (flags.tokenFile !== undefined) return flags.tokenFile;
  if ((env.SLUICE_TOKEN ?? "") !== "") return null;
  if ((env.SLUICE_TOKEN_FILE ?? "") !== "") return env.SLUICE_TOKEN_FILE ?? null;
  if (config === null) return null;
  const { apiAddress } = await import("../../app.ts");
  return (await apiAddress({ config, env })).tokenFile;
}

/** The program that opens an address on this desktop; null where there is none, or nobody wants it. */
async function openerFor({ io }: Context, open: boolean | undefined): Promise<string | null> {
  if (open === false || (open === undefined && io.stdout.isTTY !== true)) return null;
  const desktop = [io.env.DISPLAY, io.env.WAYLAND_DISPLAY].some((name) => name !== undefined && name !== "");
  const found = desktop ? await inPath("xdg-open", io.env) : null;
  if (found === null && open === true)
    throw new Failure(EXIT.unexpected, "there is no desktop to open a browser on", {
      hint: "leave --open out, and open the address elsewhere; from another machine: ssh -L 7070:127.0.0.1:7070 HOST",
    });
  return found;
}

async function inPath(program: string, { PATH = "" }: Env): Promise<string | null> {
  for (const folder of PATH.split(delimiter)) {
    const file = join(folder, program);
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder.startsWith("/") && runs) return file;
  }
  return null;
}

/** A browser that cannot be opened is no failure: the address stands there. */
async function show({ io }: Context, opener: string, url: string): Promise<void> {
  const { execa } = await import("execa");
  const { failed, shortMessage } = await execa(opener, [url], {
    env: io.env,
    extendEnv: false,
    stdio: "ignore",
    timeout: 10_000,
    reject: false,
  });
  if (failed) line(io.stderr, `no browser could be opened: ${plain(shortMessage ?? "")}`);
}
