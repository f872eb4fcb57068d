import type { App } from "../app.ts";
import type { Log } from "../core/ports.ts";
import { type Address, findController } from "./address.ts";
import type { Context } from "./context.ts";
import { say } from "./context.ts";
import { EXIT } from "./exit.ts";
import { Failure, NobodyThere } from "./failure.ts";
import { glyph, paint } from "./format/style.ts";
import { plain } from "./format/width.ts";
import { ask, place } from "./http.ts";
import { type Named, withSuggestions } from "./names.ts";
import { remoteSession } from "./remote.ts";
import { CLI_ACTOR, type RemoteSession, type Session } from "./session.ts";

/** Does `act` with the running controller. */
export async function online<T>(context: Context, named: Named, act: (session: Session) => Promise<T>): Promise<T> {
  const { flags, io } = context;
  return withSuggestions(remoteSession(await findController(flags, io.env, io.cwd), gap(context)), named, act);
}

/**
 * Does `act` with the running controller, or where nobody listens at the configured address, with the same controller inside
 * this process, on the same state, under its lock.
 */
export function onlineOrNot<T>(context: Context, named: Named, act: (session: Session) => Promise<T>): Promise<T> {
  const without = (config: string) => inProcess(context, config, (session) => withSuggestions(session, named, act));
  return onlineOrElse(context, named, act, without);
}

/** Does `act` with the running controller, or where nobody listens, with what is stored: nothing is driven, and nginx is not asked. */
export function onlineOrRead<T>(context: Context, named: Named, act: (session: Session) => Promise<T>): Promise<T> {
  const reading = (session: Session) => {
    say(context, paint(context.err, "dim", "no controller runs: this is what is stored; nginx and the members were not asked"));
    return withSuggestions(session, named, act);
  };
  return onlineOrElse(context, named, act, (config) => inProcess(context, config, reading, false));
}

/** Does `act` with the running controller, or where nobody listens at the configured address, `without` with the configuration. */
export async function onlineOrElse<T>(
  context: Context,
  named: Named,
  act: (session: RemoteSession) => Promise<T>,
  without: (config: string) => Promise<T>,
): Promise<T> {
  const address = await findController(context.flags, context.io.env, context.io.cwd);
  if (await listens(address)) {
    const session = remoteSession(address, gap(context));
    return withSuggestions(session, named, () => act(session));
  }
  if (address.config === null) throw nobody(address);
  return without(address.config);
}

/** Asked first, so that a verb is never sent twice. */
async function listens(address: Address): Promise<boolean> {
  try {
    await ask(address, "/healthz");
    return true;
  } catch (error) {
    if (error instanceof NobodyThere) return false;
    throw error;
  }
}

async function inProcess<T>(context: Context, config: string, act: (session: Session) => Promise<T>, drives = true): Promise<T> {
  const { openApp } = await import("../app.ts");
  await using app = await openApp({ config, env: context.io.env, log: quietLog(context), listen: false, drives });
  return await act(offlineSession(app));
}

function offlineSession({ control }: App): Session {
  return {
    offline: true,
    services: () => control.services(),
    service: (name) => control.service(name),
    rollout: (id) => control.rollout(id),
    explanation: (id) => control.explanation(id),
    revisions: (name, page) => control.revisions(name, page),
    undo: (name, { revision, replace, reason }) => {
      const input = { revision: revision ?? null, replace: replace ?? false, reason: reason ?? null };
      return control.undo(name, input, CLI_ACTOR, null);
    },
    command: (name, command, _actor, options) => control.command(name, command, CLI_ACTOR, options),
    setMembers: (name, pool, members) => control.setMembers(name, pool, members, CLI_ACTOR),
    setMember: (name, pool, member, state) => control.setMember(name, pool, member, state, CLI_ACTOR),
    events: (filter, page) => control.events(filter, page),
    follow: (filter, after, signal) => control.follow(filter, after, signal),
    start: () => {
      throw new Failure(EXIT.unreachable, "a start needs a running controller", { hint: "run `sluice serve` first" });
    },
    switchTo: (name, { to, version, replace, reason }) => {
      const rest = { version: version ?? null, replace: replace ?? false, reason: reason ?? null };
      return control.start(name, { strategy: "blue-green", to: to ?? null, steps: null, ...rest }, CLI_ACTOR, null);
    },
  };
}

/** Only what a person must know; the journal has the rest. */
export function quietLog(context: Context): Log {
  const tell = (text: string) => say(context, `${paint(context.err, "warn", glyph(context.err, "warn"))} ${plain(text)}`);
  return { debug: () => {}, info: () => {}, warn: tell, error: tell };
}

function gap(context: Context): (error: unknown) => void {
  return (error) => {
    const why = error instanceof Error ? error.message : String(error);
    say(context, `the stream of events broke off (${plain(why)}); trying again`);
  };
}

function nobody(address: Address): Failure {
  return new Failure(EXIT.unreachable, `no controller listens at ${place(address)}`, {
    hint: "start it with `sluice serve`, or leave out --url and SLUICE_URL to work on this machine's state without one",
  });
}
