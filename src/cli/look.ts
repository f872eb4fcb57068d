import type { EventView, RolloutView, ServiceView } from "../core/view.ts";
import type { Session } from "./session.ts";

/** What one look at a rollout found. */
export type Look = {
  readonly service: ServiceView;
  readonly rollout: RolloutView;
  /** What happened since the look before, oldest first. */
  readonly events: readonly EventView[];
};

const PAGE = 200;

/** The rollout and its service now, and every journal line of the rollout after `after`. */
export async function lookAt(session: Session, name: string, id: string, after: number): Promise<Look> {
  const service = await session.service(name);
  const rollout = service.rollout?.id === id ? service.rollout : await session.rollout(id);
  return { service, rollout, events: await eventsOf(session, id, after) };
}

/** The number of the newest event of a service's rollout; 0 where it has none. */
export async function newestEvent(session: Session, name: string): Promise<number> {
  const { rollout } = await session.service(name);
  return rollout === null ? 0 : ((await eventsOf(session, rollout.id, 0)).at(-1)?.seq ?? 0);
}

async function eventsOf(session: Session, rollout: string, after: number): Promise<EventView[]> {
  const all: EventView[] = [];
  for (;;) {
    const page = await session.events({ service: null, rollout }, { after: all.at(-1)?.seq ?? after, limit: PAGE });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
