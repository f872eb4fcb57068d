import { setTimeout as wait } from "node:timers/promises";
import { Agent, request } from "undici";

/** What one request got: `version` is the `x-version` of the member that answered (null where none did). */
export type Answer = {
  readonly status: number;
  readonly version: string | null;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
};

/** Answers by version; those without one count as their status, such as `502`. */
export type Counts = Readonly<Record<string, number>>;

/** One request on a connection of its own. */
export async function ask(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  await using agent = disposable(new Agent({ pipelining: 0 }));
  return one(agent.agent, url, headers);
}

/** `total` requests, one after the other: each on a connection of its own, or all on one that is kept alive. */
export async function count(
  url: string,
  total: number,
  options: { readonly keepAlive?: boolean; readonly headers?: (index: number) => Readonly<Record<string, string>> } = {},
): Promise<Counts> {
  await using agent = disposable(new Agent({ connections: 1, pipelining: options.keepAlive === true ? 1 : 0 }));
  const counts: Record<string, number> = {};
  for (let index = 0; index < total; index += 1) {
    const answer = await one(agent.agent, url, options.headers?.(index) ?? {});
    add(counts, answer);
  }
  return counts;
}

/** One request for each of `headers`, one after the other on a connection that is kept alive. */
export async function askEach(url: string, headers: readonly Readonly<Record<string, string>>[]): Promise<readonly Answer[]> {
  await using agent = disposable(new Agent({ connections: 1, pipelining: 1 }));
  const answers: Answer[] = [];
  for (const each of headers) answers.push(await one(agent.agent, url, each));
  return answers;
}

/** Keeps asking until it is stopped. */
export type Steady = AsyncDisposable & {
  /** Answers so far. */
  readonly counts: Counts;
  /** Requests that got no answer at all, with why. */
  readonly failures: readonly string[];
  readonly total: number;
  /** What the slowest of them took, in milliseconds. */
  readonly longestMs: number;
  /** Forgets what was counted. */
  reset(): void;
  /** Waits until `more` further requests were answered (or failed). */
  more(more: number, limitMs?: number): Promise<void>;
  stop(): Promise<void>;
};

/**
 * `connections` keep-alive connections (4), each asking, then pausing for `pauseMs` (15); `fresh`: each request on a connection of
 * its own.
 *
 * Each request is a connection from nginx to a member, which the kernel lists for a minute after its end, and whoever reads that
 * list pays for it: no more of them than a test needs.
 */
export function steady(
  url: string,
  options: {
    readonly connections?: number;
    readonly pauseMs?: number;
    readonly fresh?: boolean;
    readonly headers?: () => Readonly<Record<string, string>>;
  } = {},
): Steady {
  const agent = new Agent({ connections: options.connections ?? 4, pipelining: options.fresh === true ? 0 : 1 });
  let counts: Record<string, number> = {};
  let failures: string[] = [];
  let total = 0;
  let longestMs = 0;
  let going = true;
  const run = async () => {
    while (going) {
      const start = performance.now();
      try {
        add(counts, await one(agent, url, options.headers?.() ?? {}));
      } catch (error) {
        failures.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
      }
      total += 1;
      longestMs = Math.max(longestMs, performance.now() - start);
      await wait(options.pauseMs ?? 15);
    }
  };
  const all = Promise.all(Array.from({ length: options.connections ?? 4 }, run));
  const stop = async () => {
    going = false;
    await all;
    await agent.close();
  };
  return {
    get counts() {
      return counts;
    },
    get failures() {
      return failures;
    },
    get total() {
      return total;
    },
    get longestMs() {
      return longestMs;
    },
    reset() {
      counts = {};
      failures = [];
    },
    async more(more, limitMs = 30_000) {
      const goal = total + more;
      const end = performance.now() + limitMs;
      while (total < goal) {
        if (performance.now() > end) throw new Error(`only ${total - goal + more} of ${more} requests within ${limitMs} ms`);
        await wait(5);
      }
    },
    stop,
    async [Symbol.asyncDispose]() {
      if (going) await stop();
    },
  };
}

async function one(agent: Agent, url: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const response = await request(url, { dispatcher: agent, headers });
  const body = await response.body.text();
  const version = response.headers["x-version"];
  return { status: response.statusCode, version: typeof version === "string" ? version : null, body, headers: response.headers };
}

function add(counts: Record<string, number>, answer: Answer): void {
  const name = answer.version ?? String(answer.status);
  counts[name] = (counts[name] ?? 0) + 1;
}

function disposable(agent: Agent): { readonly agent: Agent } & AsyncDisposable {
  return { agent, [Symbol.asyncDispose]: () => agent.close() };
}
