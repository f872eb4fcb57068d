import type { Client } from "../client/client.ts";
import type { EventView } from "../core/view.ts";
import type { Address } from "./address.ts";
import { clientOf, failureOf, told } from "./http.ts";
import type { RemoteSession } from "./session.ts";

/** A running controller. `onGap` is told when the stream of events breaks, and why; it is taken up again by itself. */
export function remoteSession(address: Address, onGap: (error: unknown) => void = () => {}): RemoteSession {
  const client = clientOf(address);
  const tell = <T>(asked: Promise<T>) => told(address, asked);
  const gap = (error: unknown) => onGap(failureOf(address, error));
  return {
    offline: false,
    tokens: {
      list: () => tell(client.tokens()),
      create: (request) => tell(client.createToken(request)),
      revoke: (name) => tell(client.revokeToken(name)),
    },
    services: () => tell(client.services()),
    service: (name) => tell(client.service(name)),
    rollout: (id) => tell(client.rollout(id)),
    explanation: (id) => tell(client.explanation(id)),
    plan: (name, request) => tell(client.plan(name, request)),
    start: (name, request) => tell(seen(client, name, request).then((change) => client.start(name, request, change))),
    switchTo: (name, request) => tell(seen(client, name, request).then((change) => client.switchTo(name, request, change))),
    undo: (name, request) => tell(seen(client, name, request).then((change) => client.undo(name, request, change))),
    revisions: async (name, page) => (await tell(client.revisions(name, page))).revisions,
    command: (name, command, _actor, change) => tell(client.command(name, command, change)),
    setMembers: (name, pool, members) => tell(client.setMembers(name, pool, members)),
    setMember: (name, pool, member, state) => tell(client.setMember(name, pool, member, state)),
    events: (filter, page) => tell(eventsOf(client, filter, page)),
    follow: (filter, after, signal) => follow(address, client, { ...filter, after, signal, onGap: gap }),
  };
}

/** Until there are as many as were asked for, or no more: a page leaves out what the token may not see, and may be short of them. */
async function eventsOf(client: Client, ...[filter, page]: Parameters<RemoteSession["events"]>): Promise<readonly EventView[]> {
  const found: EventView[] = [];
  let cursor: string | null = null;
  do {
    const { events, next } = await client.events({ ...filter, ...page, cursor });
    found.push(...events);
    cursor = next;
  } while (cursor !== null && found.length < page.limit);
  return found.slice(0, page.limit);
}

/** Whoever says --replace means the rollout that is under way now, and no later one. */
async function seen(client: Client, name: string, { replace }: { readonly replace?: boolean | undefined }) {
  return replace === true ? { ifMatch: (await client.service(name)).etag } : {};
}

type Following = NonNullable<Parameters<Client["follow"]>[0]>;

async function* follow(address: Address, client: Client, following: Following): AsyncGenerator<EventView> {
  try {
    yield* client.follow(following);
  } catch (error) {
    throw failureOf(address, error);
  }
}
