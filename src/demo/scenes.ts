import type { Goal } from "../cli/outcome.ts";
import type { Session } from "../cli/session.ts";
import type { Started } from "../core/control.ts";
import { type PoolName, SERVICE } from "./stack.ts";

/** One command of the story, and what comes of it. */
export type Scene = {
  readonly act: 1 | 2 | 3;
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
  /** The candidate's share from which it fails, in basis points, or null for a good version. */
  readonly breaksAtBp: number | null;
  readonly goal: Goal;
};

type Cast = Pick<Scene, "to" | "version" | "before">;

export const SCENES: readonly Scene[] = [
  {
    act: 1,
    title: "a canary that advances by itself",
    happens: [
      "v1 on blue carries everything. green runs v2, and gets 10%, 25%, 50%, then 100% of the requests.",
      "Each next step is taken only where v2's own metrics say that fewer than 5% of its requests fail.",
    ],
    ...canary({ to: "green", version: "v2", before: "v1" }),
    breaksAtBp: null,
    goal: "promoted",
  },
  {
    act: 2,
    title: "a bad version that goes back by itself",
    happens: [
      "blue is deployed with v3. It looks good at 10%, and breaks at 25%: every third request fails.",
      "Nobody has to notice it: Sluice sends the traffic back to v2.",
    ],
    ...canary({ to: "blue", version: "v3", before: "v2" }),
    breaksAtBp: 2_500,
    goal: "reverted",
  },
  {
    act: 3,
    title: "blue/green, there",
    happens: ["blue is deployed with v4, a good one. One command moves every request, and none is lost."],
    ...change({ to: "blue", version: "v4", before: "v2" }),
    breaksAtBp: null,
    goal: "promoted",
  },
  {
    act: 3,
    title: "and back again",
    happens: ["v2 still runs on green. The same command moves every request back."],
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
