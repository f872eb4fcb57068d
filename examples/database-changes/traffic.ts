import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import { seedName } from "./seed.ts";

const USERS = 6;
/** No answer within this is a failed request. */
const ANSWER_MS = 10_000;

/** What users of all kinds saw. */
class Tally {
  requests = 0;
  /** Answers since `forget`, by the version that gave them. */
  versions: Record<string, number> = {};
  /** Answers that were none, or not 2xx, or said another name than was acknowledged before. */
  readonly failures: string[] = [];
  /** What was written and acknowledged, by id. Once the users have stopped, the database has to say the same. */
  readonly written: Map<number, string>;

  constructor(seeded: number) {
    this.written = new Map(Array.from({ length: seeded }, (_, index) => [index + 1, seedName(index + 1)]));
  }

  forget(): void {
    this.versions = {};
  }

  /** Waits for so many further answers. */
  async more(count: number): Promise<void> {
    const goal = this.requests + count;
    while (this.requests < goal) await sleep(5);
  }
}

export type Load = { readonly people: number; readonly pauseMs: number };
export type Traffic = { readonly tally: Tally } & AsyncDisposable;

/**
 * Steady users, of whom each reads and writes people of its own, so that it knows what a read has to say. Half of them keep their
 * connection, half open one for each request. `people` are there already; `pauseMs` lies between two requests of a user.
 */
export function startTraffic(url: string, load: Load): Traffic {
  const stopped = new AbortController();
  const tally = new Tally(load.people);
  const users = Array.from({ length: USERS }, (_, index) => user(url, index, load, tally, stopped.signal));
  return {
    tally,
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await Promise.all(users);
    },
  };
}

/** Reads somebody who was there from the start, renames them, reads them again; adds somebody, reads them; and so on. */
async function user(url: string, index: number, { people, pauseMs }: Load, tally: Tally, stopped: AbortSignal): Promise<void> {
  const keeps = index % 2 === 0;
  const agent = new Agent({ connections: 1, pipelining: keeps ? 1 : 0, headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS });
  const ask = async (method: Ask["method"], path: string, name?: string): Promise<number | null> => {
    await sleep(pauseMs, undefined, { signal: stopped }).catch(() => undefined);
    return stopped.aborted ? null : once(agent, url, { method, path, name }, tally);
  };
  for (let turn = 0; !stopped.aborted; turn += 1) {
    const id = 1 + ((index + turn * USERS) % people);
    await ask("GET", `/people/${id}`);
    await ask("PUT", `/people/${id}`, `Given${turn} Family ${index}`);
    await ask("GET", `/people/${id}`);
    const added = await ask("POST", "/people", turn % 3 === 0 ? `Mononym${turn}` : `New${turn} User${index}`);
    if (added !== null) await ask("GET", `/people/${added}`);
  }
  await agent.close();
}

type Ask = { readonly method: "GET" | "POST" | "PUT"; readonly path: string; readonly name: string | undefined };

/** The id in the answer, or null where it failed, which is counted. */
async function once(agent: Agent, url: string, { method, path, name }: Ask, tally: Tally): Promise<number | null> {
  tally.requests += 1;
  try {
    const { statusCode, headers, body } = await request(`${url}${path}`, {
      method,
      dispatcher: agent,
      body: name === undefined ? null : JSON.stringify({ name }),
    });
    const text = await body.text();
    const version = String(headers["x-version"] ?? "nginx");
    tally.versions[version] = (tally.versions[version] ?? 0) + 1;
    if (statusCode >= 300) throw new Error(`${version} answered ${statusCode}: ${text}`);
    const person = JSON.parse(text) as { id: number; name: string };
    const expected = name ?? tally.written.get(person.id);
    if (person.name !== expected) throw new Error(`${version} said "${person.name}", and "${expected}" was written`);
    tally.written.set(person.id, person.name);
    return person.id;
  } catch (error) {
    tally.failures.push(`${method} ${path}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}
