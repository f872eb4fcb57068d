import type { Goal } from "../cli/outcome.ts";
import type { Session } from "../cli/session.ts";
import type { Started } from "../core/control.ts";
import { type PoolName, SERVICE } from "./stack.ts";

/** One command of the story, and what comes of it. */
export type Scene = {
  readonly act: 1 | 2 | 3;
  /** One word or two, for the summary. */
  readonly name: string;
  readonly title: string;
  /** What will happen, for somebody who sees it for the first time. */
  readonly happens: readonly string[];
  /** As a person would type it; `start` asks the API for the same. */
  readonly command: string;
  readonly start: (session: Session) => Promise<Started>;
  /** What is deployed to the candidate before. */
  readonly to: PoolName;
  readonly version: string;
  /** The version that carries the traffic before. */
  readonly before: string;
  /** The candidate's share at which it soon begins to fail, in basis points, or null for a good version. */
  readonly breaksAtBp: number | null;
  readonly goal: Goal;
};

type Cast = Pick<Scene, "to" | "version" | "before">;

export const SCENES: readonly Scene[] = [
  {
    act: 1,
    name: "canary",
    title: "a canary that advances by itself",
    happens: [
      "v1 on blue has all requests. v2 on green gets 10%, 25%, 50%, then all of them:",
      "a step further only while v2's own metrics show fewer than 5% of errors.",
    ],
    ...canary({ to: "green", version: "v2", before: "v1" }),
    breaksAtBp: null,
    goal: "promoted",
  },
  {
    act: 2,
    name: "bad version",
    title: "a bad version that goes back by itself",
    happens: [
      "blue now runs v3: fine at 10%, but at 25% every third request begins to fail.",
      "Nobody has to notice: Sluice sends everything back to v2 by itself.",
    ],
    ...canary({ to: "blue", version: "v3", before: "v2" }),
    breaksAtBp: 2_500,
    goal: "reverted",
  },
  {
    act: 3,
    name: "switch",
    title: "blue/green, there",
    happens: ["blue now runs v4, which is good. One command moves all requests at once."],
    ...change({ to: "blue", version: "v4", before: "v2" }),
    breaksAtBp: null,
    goal: "promoted",
  },
  {
    act: 3,
    name: "switch back",
    title: "and back again",
    happens: ["v2 still runs on green. The same command moves all requests back."],
    ...change({ to: "green", version: "v2", before: "v4" }),
    breaksAtBp: null,
    goal: "promoted",
  },
];

function canary(cast: Cast) {
  return {
    ...cast,
    command: `sluice start ${SERVICE} --strategy canary --to ${cast.to} --version ${cast.version}`,
    start: (session: Session) => session.start(SERVICE, { strategy: "canary", to: cast.to, version: cast.version }),
  };
}

function change(cast: Cast) {
  return {
    ...cast,
    command: `sluice switch ${SERVICE} ${cast.to} --version ${cast.version}`,
    start: (session: Session) => session.switchTo(SERVICE, { to: cast.to, version: cast.version }),
  };
}
