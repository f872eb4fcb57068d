import { join } from "node:path";
import type { MemberServer } from "../support/members.ts";

export type StackOptions = {
  readonly routing?: "live" | "weighted";
  /** Members of blue that somebody else started; `members` then says how many green has. */
  readonly blue?: readonly string[];
  /** How many members each pool has. */
  readonly members?: { readonly blue: number; readonly green: number };
  /** The `metrics:` of the service on one line; the members' own pages where left out. */
  readonly metrics?: string;
  /** Lines of the service `web` in sluice.yaml, indented by four. */
  readonly service?: string;
  /** More lines at the top of sluice.yaml. */
  readonly top?: string;
  /** More text inside `http { }`. */
  readonly http?: string;
  readonly workers?: number;
  /** The user's `proxy_next_upstream`; `error timeout` where nothing else is said. */
  readonly retries?: string;
  /** False: nginx's own log is on, as `source: nginx` needs it. */
  readonly logOff?: boolean;
  /** Two: the service is served by a second nginx too, `second`; the targets are then called `one` and `two`. */
  readonly edges?: 1 | 2;
};

/** Where one nginx of a stack lives. */
export type Place = { readonly prefix: string; readonly port: number; readonly status: number };
function target({ prefix, status }: Place): string {
  return `{ config: ${prefix}/nginx.conf, pid: ${prefix}/nginx.pid, include: ${prefix}/sluice, tables: ${prefix}/tables, status: "127.0.0.1:${status}" }`;
}

/** sluice.yaml of a stack. */
export function yaml(
  prefix: string,
  places: readonly Place[],
  blue: readonly MemberServer[],
  green: readonly MemberServer[],
  options: StackOptions,
): string {
  const list = (members: readonly MemberServer[]) => members.map((member) => member.address).join(", ");
  const targets =
    places.length === 1
      ? places.map(target).join("")
      : places.map((place, index) => `\n  ${["one", "two"][index]}: ${target(place)}`).join("");
  return `${options.top ?? ""}api: { listen: "unix:${join(prefix, "api.sock")}" }
state: ./state
nginx: ${targets}
services:
  web:
    routing: ${options.routing ?? "live"}
    pools:
      blue: { members: [${options.blue?.join(", ") ?? list(blue)}] }
      green: { members: [${list(green)}] }
    stable: blue
    health: { path: /healthz, interval: 250ms, timeout: 250ms, passes: 1, fails: 2, deadline: 5s }
    ${options.metrics ?? SCRAPED}
${options.service ?? CANARY}
`;
}

const SCRAPED = `metrics:
      errors: { source: scrape, window: 1s, interval: 250ms, ratio: { of: 'http_requests_total{code=~"5.."}', to: http_requests_total } }`;

/** A canary of a few seconds that is judged by its errors. */
export const CANARY = `    canary:
      steps: [{ share: 10%, for: 1500ms }, { share: 40%, for: 1500ms }, { ramp: 100%, over: 2s }]
      checks: [{ metric: errors, below: 5%, minRequests: 5 }]
    blueGreen: { bake: 1500ms, checks: [{ metric: errors, below: 5%, minRequests: 5 }] }`;
