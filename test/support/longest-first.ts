import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes tens of seconds, the longest first: begun late, one of them alone would hold up the end. */
const LONGEST = [
  "end-to-end/rolling",
  "dashboard/dashboard",
  "end-to-end/canary",
  "nginx/reloads",
  "nginx/in-flight",
  "end-to-end/recovery",
  "examples/database-changes",
  "end-to-end/trouble",
  "cli/offline",
  "nginx/restarts",
  "metrics/nginx-log/source",
  "packaging",
  "end-to-end/nginx-log",
  "end-to-end/drain",
  "end-to-end/abort",
  "end-to-end/compare",
  "demo/demo",
  "cli/serve",
  "simulation/simulation",
  "nginx/dropped",
  "end-to-end/",
];

/** Begins with the longest files. The order is a matter of time alone: a file that is not named comes later, and passes as well. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a.moduleId) - rank(b.moduleId));
  }
}

function rank(path: string): number {
  const index = LONGEST.findIndex((name) => path.includes(`/test/${name}`));
  return index === -1 ? LONGEST.length : index;
}
