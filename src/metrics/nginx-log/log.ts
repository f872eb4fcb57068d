import type { Apart, Log, Observer } from "../../core/ports.ts";
import type { Report, Route } from "../../core/route.ts";
import type { Ms, PoolName, ServiceName, TargetName } from "../../core/units.ts";
import { Follower, type Position } from "./follower.ts";
import { Lane } from "./lane.ts";
import { parseLine } from "./line.ts";
import { misroutedText, type PoolOf } from "./routing.ts";
import { Tally } from "./tally.ts";

/** One nginx's log: where it is, how nginx is made to open it anew, and how many of its workers were killed (null where that cannot be done). */
export type LogFile = {
  readonly target: TargetName;
  readonly path: string;
  readonly reopen: (() => Promise<string | null>) | null;
  readonly deaths: (() => Promise<number>) | null;
};

export type NginxLogDeps = {
  readonly files: readonly LogFile[];
  readonly log: Log;
  readonly wall: () => Ms;
  /** Where buckets of `live` services go under a route, to be held against the log. */
  readonly poolOfUnder: (route: Route) => PoolOf;
  /** Called each time that lines of a target were lost. */
  readonly onLoss?: (target: TargetName) => void;
  /** Size above which a file is rotated. */
  readonly limitBytes?: number;
};

/** A place in the log, as it is stored with what was counted up to it. `parts` means something within the same `run` only. */
export type Mark = { readonly run: number; readonly parts: number; readonly position: Position };

/** What was counted of a service since a mark. */
export type Taken = {
  readonly mark: Mark;
  readonly tally: Tally;
  /** Every request that ended before this (wall clock) is in the file by now. */
  readonly completeTo: Ms;
  /** False where lines between the marks are gone: nobody knows how many. */
  readonly whole: boolean;
  /** How lines were lost lately, in words; null where none were. */
  readonly loss: string | null;
  /** Lines that could not be read, ever since this process began. */
  readonly unreadable: number;
  /** What went elsewhere than its bucket lately, in words; null where nothing did. */
  readonly misrouted: string | null;
  /** Why the newest lines cannot be had, in words; null where they can. */
  readonly problem: string | null;
};

/** Small, so that nginx writes to memory that the kernel has at hand: pages of a file that only grows cost it more than the line does. */
const LIMIT_BYTES = 8 * 1024 * 1024;
const EVERY_MS: Ms = 100;
/** nginx's `flush=500ms`, and what its timers may be late by. */
const FLUSH_MS: Ms = 600;
/** What was not read while Sluice was away is read again up to this much; more would hold everything up for long. */
const MOST_AGAIN_BYTES = 256 * 1024 * 1024;
/** How long it is told that lines were lost, so that a person sees it and no step ends on it. */
const LOSS_TOLD_MS: Ms = 30_000;
const OBSERVED_MS: Ms = 30_000;
/** Rates and rare failures need longer than shares do. */
const TRAFFIC_MS: Ms = 10 * 60_000;

/** Reads the logs of all targets as they grow, and counts for every service. Disposing ends the reading; nothing is removed. */
export class NginxLog implements Observer, AsyncDisposable {
  readonly #deps: NginxLogDeps;
  readonly #followers: readonly Follower[];
  readonly #lanes = new Map<ServiceName, Lane>();
  /** Tells this process from the one before. */
  readonly #run: number;
  #unreadable = 0;
  #completeTo: Ms = 0;
  #reading: Promise<void> = Promise.resolve();
  /** The reading that has not begun yet. */
  #next: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  #since: Ms | null = null;

  constructor(deps: NginxLogDeps) {
    this.#deps = deps;
    this.#run = deps.wall();
    this.#followers = deps.files.map(
      (file) =>
        new Follower({
          ...file,
          limitBytes: deps.limitBytes ?? LIMIT_BYTES,
          log: deps.log,
          onLoss: () => deps.onLoss?.(file.target),
          onText: (text) => this.#count(text, file.target),
        }),
    );
  }

  /** Learns where addresses belong, and which services this target writes down; the first of them begins the reading. */
  know(target: TargetName, routes: readonly Route[], apart: Apart = {}): void {
    for (const lane of this.#lanes.values()) lane.targets.delete(target);
    for (const route of routes) {
      if (route.shape.log === undefined) continue;
      const lane = this.#lane(route.service);
      lane.targets.add(target);
      lane.know(route, apart[route.service] ?? null);
      lane.routing(target).want(route, this.#deps.wall());
    }
    if (this.#lanes.size > 0 && this.#timer === null && !this.#closed) this.#arm();
  }

  /** Learns what a target has proved, to hold its log against it. */
  proved({ target, services, at }: Report): void {
    for (const [service, { version }] of Object.entries(services)) this.#lanes.get(service)?.routing(target).prove(version, at);
  }

  /** Requests by pool over the last 30 s, or over as much as was read; null where nothing is counted. */
  observed(service: ServiceName): ReturnType<Observer["observed"]> {
    const recent = this.#recent(service, OBSERVED_MS);
    if (recent === null) return null;
    const requests = Object.fromEntries(Object.entries(recent.pools).map(([pool, { n }]) => [pool, n]));
    return { requests, windowMs: recent.windowMs };
  }

  /** The same over the last 10 minutes, with the failed ones. */
  traffic(service: ServiceName): ReturnType<Observer["traffic"]> {
    return this.#recent(service, TRAFFIC_MS);
  }

  /** What is known of the points of this length that are complete, from `from` on; null where nothing is counted. */
  series(service: ServiceName, everyMs: Ms, from: Ms): ReturnType<Observer["series"]> {
    const lane = this.#lanes.get(service);
    const curve = lane?.curves.find((one) => one.everyMs === everyMs);
    if (lane === undefined || curve === undefined || lane.targets.size === 0 || this.#since === null) return null;
    return curve.between(Math.max(from, this.#since), this.#completeTo);
  }

  #recent(service: ServiceName, ms: Ms): ReturnType<Observer["traffic"]> {
    const lane = this.#lanes.get(service);
    if (lane === undefined || lane.targets.size === 0 || this.#since === null) return null;
    const to = Math.floor(this.#completeTo / 1_000) * 1_000;
    const from = Math.max(to - ms, Math.ceil(this.#since / 1_000) * 1_000);
    return to <= from ? null : { pools: lane.recent.between(from, to), windowMs: to - from };
  }

  /** Reads what is there by now, and gives what was counted of a service since a mark; nothing where there is no mark yet. */
  async take(service: ServiceName, since: Mark | null): Promise<Taken> {
    const lane = this.#lane(service);
    await this.#read();
    const position = this.#position();
    lane.ask(position, this.#deps.wall());
    const parts = lane.close(position);
    const mark = { run: this.#run, parts, position };
    const { tally, whole } = since === null ? { tally: new Tally(), whole: true } : await this.#sinceMark(service, lane, since);
    const problem = this.#problem(lane);
    const found = lane.misrouted(this.#deps.wall());
    const misrouted = found === null ? null : misroutedText(found);
    const now = this.#deps.wall();
    const loss = this.#of(lane).find((one) => one.loss !== null && now - one.loss.at < LOSS_TOLD_MS)?.loss?.how ?? null;
    return { mark, tally, whole, completeTo: this.#completeTo, loss, unreadable: this.#unreadable, misrouted, problem };
  }

  /** Calls `soon` again and again while the newest tries at a pool fail in numbers; the answer ends it. */
  onFailing(service: ServiceName, pool: PoolName, soon: () => void): () => void {
    return this.#lane(service).onFailing(pool, soon);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#reading;
    await Promise.all(this.#followers.map((one) => one.close()));
  }

  /** After a restart, what lies between the mark and the beginning of this process's own counting is read from the files again. */
  async #sinceMark(service: ServiceName, lane: Lane, since: Mark): Promise<{ readonly tally: Tally; readonly whole: boolean }> {
    const { tally, missing } = lane.since(since.run === this.#run ? since.parts : null);
    if (missing === null) return { tally, whole: true };
    let whole = true;
    for (const follower of this.#of(lane)) {
      const done = await follower.reread(since.position, missing, MOST_AGAIN_BYTES, (text) => {
        eachLine(text, (line) => {
          const read = parseLine(line);
          if (read?.service === service) tally.add(read, lane.place);
        });
      });
      whole &&= done === "read";
    }
    return { tally, whole };
  }

  #lane(service: ServiceName): Lane {
    const lane = this.#lanes.get(service) ?? new Lane(TRAFFIC_MS, this.#deps.poolOfUnder);
    this.#lanes.set(service, lane);
    return lane;
  }

  #of(lane: Lane): readonly Follower[] {
    return this.#followers.filter(({ target }) => lane.targets.has(target));
  }

  #problem(lane: Lane): string | null {
    if (lane.targets.size === 0) return "no nginx is told to write its requests down yet";
    return (
      this.#of(lane)
        .map(({ problem }) => problem)
        .find((one) => one !== null) ?? null
    );
  }

  #position(): Position {
    return Object.assign({}, ...this.#followers.map(({ position }) => position)) as Position;
  }

  #arm(): void {
    this.#timer = setTimeout(() => {
      void this.#read().finally(() => {
        if (!this.#closed) this.#arm();
      });
    }, EVERY_MS);
    this.#timer.unref();
  }

  /** One at a time; whoever comes while one is under way shares the next, so that it sees what was written until it asked. */
  #read(): Promise<void> {
    this.#next ??= this.#reading.then(() => {
      this.#next = null;
      this.#reading = this.#closed ? Promise.resolve() : this.#readAll();
      return this.#reading;
    });
    return this.#next;
  }

  async #readAll(): Promise<void> {
    const now = this.#deps.wall();
    await Promise.all(this.#followers.map((one) => one.read(now)));
    this.#since ??= now;
    this.#completeTo = now - FLUSH_MS;
    for (const lane of this.#lanes.values()) {
      lane.forgetUnasked(now);
      lane.tellFailing(now);
    }
  }

  #count(text: string, target: TargetName): void {
    eachLine(text, (line) => {
      const read = parseLine(line);
      if (read === null) this.#unreadable += 1;
      else this.#lanes.get(read.service)?.add(read, target);
    });
  }
}

function eachLine(text: string, use: (line: string) => void): void {
  for (let at = 0, end = text.indexOf("\n"); end >= 0; at = end + 1, end = text.indexOf("\n", at)) use(text.slice(at, end));
}
