import type { ExplanationView } from "../core/explained.ts";
import type { PlanView } from "../core/planned.ts";
import type { CreatedToken, TokenView } from "../core/token.ts";
import type { TrafficView } from "../core/traffic.ts";
import type { CheckView, EventView, ReloadView, RevisionView, RolloutView, ServiceView } from "../core/view.ts";
import type { Problem } from "./schemas/problem.ts";

/**
 * What bodies and answers look like: one example for each schema that is sent, by its name in the OpenAPI document. The numbers are made
 * up; that each example is what its schema says is held by a test.
 */

const CHECK: CheckView = {
  name: "errors",
  is: "inconclusive",
  value: 0.004,
  limit: "blue + 10 %",
  samples: 812,
  windowMs: 60_000,
  needed: { requests: 240, ms: 18_000 },
  towards: { fail: 0.1, pass: 0.7 },
  text: "3 of 812 requests failed on green, 11 of 3 260 on blue",
};

const ROLLOUT: RolloutView = {
  id: "web-12",
  service: "web",
  strategy: "canary",
  version: "v42",
  from: "blue",
  to: "green",
  phase: "observing",
  step: 0,
  steps: [
    { label: "20 %", shares: { blue: 8_000, green: 2_000 }, state: "now", until: "time" },
    { label: "100 %", shares: { green: 10_000 }, state: "next", until: "evidence" },
  ],
  since: "2026-03-01T10:00:00.000Z",
  remainingMs: 42_000,
  reason: "watching 20 % on green for its time",
  hold: null,
  checks: [CHECK],
  rolling: null,
  undoes: null,
  startedBy: "ci-web",
  startedAt: "2026-03-01T09:59:58.000Z",
  endedAt: null,
};

const SERVICE: ServiceView = {
  name: "web",
  routing: "live",
  stable: "blue",
  candidate: "green",
  wanted: { shares: { blue: 8_000, green: 2_000 } },
  applied: {
    shares: { blue: 8_000, green: 2_000 },
    generation: "41-3f9c2a7be1d0",
    at: "2026-03-01T10:00:00.000Z",
    targets: [{ name: "local", generation: "41-3f9c2a7be1d0", state: "applied", reason: null, lingering: 0 }],
  },
  observed: { shares: { blue: 8_010, green: 1_990 }, requests: 4_072, windowMs: 10_000, sample: 10_000 },
  pools: { blue: pool("127.0.0.1:8001"), green: pool("127.0.0.1:8003") },
  rollout: ROLLOUT,
  etag: "web-12.4.1",
};

function pool(address: string): ServiceView["pools"][string] {
  const health = { health: "ready", reason: null } as const;
  return { members: [{ address, state: "ready", ...health, inFlight: 2, endpoints: [{ address, ...health }] }], from: "config" };
}

const EVENT: EventView = {
  seq: 118,
  at: "2026-03-01T10:00:00.000Z",
  service: "web",
  rollout: "web-12",
  step: 0,
  kind: "observing",
  actor: null,
  text: "nginx serves 20 % to green",
  data: {},
};

const REVISION: RevisionView = {
  number: 11,
  rollout: "web-11",
  strategy: "blue-green",
  version: "v41",
  from: "green",
  to: "blue",
  stable: "blue",
  members: ["127.0.0.1:8001"],
  undoes: null,
  reason: null,
  result: "promoted",
  cause: "every step passed",
  left: [],
  startedBy: "ann",
  startedAt: "2026-02-27T16:20:00.000Z",
  endedAt: "2026-02-27T16:30:00.000Z",
  durationMs: 600_000,
};

const EXPLANATION: ExplanationView = {
  rollout: ROLLOUT,
  text: "Observing: watching 20 % on green for its time",
  decisions: [],
  checks: [],
  hooks: [],
};

const PLAN: PlanView = {
  service: "web",
  strategy: "canary",
  version: "v42",
  from: "blue",
  to: "green",
  refused: null,
  leastMs: 300_000,
  traffic: { requestsPerS: { value: 50, is: "given" }, errorRatio: null, windowMs: null },
  begins: [],
  steps: [
    {
      label: "20 %",
      shares: { blue: 8_000, green: 2_000 },
      until: "time",
      before: [],
      after: [],
      leastMs: 300_000,
      needs: ["errors"],
      hold: { atMostMs: 900_000, then: "wait" },
      ramp: null,
      nginx: [{ target: "local", change: "tables", times: 1, diff: "", problem: null }],
      checks: [],
      mostLost: null,
      warnings: [],
    },
  ],
};

const TRAFFIC: TrafficView = {
  series: {
    from: "2026-03-01T09:59:40.000Z",
    everyMs: 10_000,
    points: 2,
    pools: { green: { requests: [101, 98], failed: [0, 1], p50Ms: [21, 22], p95Ms: [84, 86], p99Ms: [130, null] } },
    sample: 10_000,
  },
};

const TOKEN: TokenView = {
  name: "ci-web",
  scope: "operate",
  services: ["web"],
  createdAt: "2026-01-15T08:00:00.000Z",
  createdBy: "admin",
  expiresAt: "2026-04-15T08:00:00.000Z",
  lastUsedAt: "2026-03-01T09:59:00.000Z",
};

const RELOAD: ReloadView = { added: ["shop"], changed: ["web"], removed: [], warnings: [] };

const PROBLEM: Problem = {
  type: "urn:sluice:problem:rollout-running",
  title: "Conflict",
  status: 409,
  detail: "web-12 (canary to green) is under way, started by ci-web",
  code: "rollout-running",
  hint: "wait for it, or abort it: sluice abort web",
  instance: "45e2a835-e382-497b-9732-190f67d90372",
  errors: [],
};

const ANSWERS = {
  Alive: { status: "ok", version: "1.0.0" },
  Ready: { ready: true, problems: [] },
  Whoami: { name: "ci-web", scopes: ["operate"], services: ["web"] },
  Service: SERVICE,
  ServiceList: { services: [SERVICE], next: null },
  AlreadyStable: { code: "already-stable", text: "green is stable already; nothing was started.", service: SERVICE },
  Traffic: TRAFFIC,
  Rollout: ROLLOUT,
  RolloutList: { rollouts: [ROLLOUT], next: "d2ViLTEy" },
  Explanation: EXPLANATION,
  Plan: PLAN,
  Revision: REVISION,
  RevisionList: { revisions: [REVISION], next: null },
  Event: EVENT,
  EventList: { events: [EVENT], next: null },
  LatestEvents: { events: [EVENT], newest: 118 },
  Reload: RELOAD,
  Token: TOKEN,
  TokenList: { tokens: [TOKEN], next: null },
  CreatedToken: { token: `sluice_${"x".repeat(43)}00000000`, about: { ...TOKEN, lastUsedAt: null } } satisfies CreatedToken,
  Problem: PROBLEM,
};

const START = { strategy: "canary", to: "green", version: "v42", reason: "release 42" };

const BODIES = {
  StartInput: { ...START, steps: [{ share: "20%", for: "5m" }, { share: "100%" }] },
  SwitchInput: { to: "green", version: "v42" },
  PlanRequestInput: { ...START, assume: { requestsPerS: 50 } },
  UndoInput: { reason: "v42 loses orders" },
  AdvanceInput: { step: 0, reason: "looks good" },
  CommandInput: { reason: "as agreed" },
  RetryInput: { from: "start", reason: "nginx is mended" },
  MemberCommandInput: { member: "127.0.0.1:8003", reason: "its host is gone" },
  MembersInput: ["127.0.0.1:8003", "127.0.0.1:8004"],
  NewTokenInput: { name: "ci-web", scope: "operate", services: ["web"], expiresInMs: 7_776_000_000 },
};

/** Examples of bodies and answers by the name of their schema. */
export const EXAMPLES: Readonly<Record<string, unknown>> = { ...ANSWERS, ...BODIES };

/** Examples of what stands in paths, queries and headers, by its name. */
export const PARAMETERS: Readonly<Record<string, unknown>> = {
  service: "web",
  pool: "green",
  member: "127.0.0.1:8003",
  id: "web-12",
  token: "ci-web",
  limit: 20,
  cursor: "d2ViLTEy",
  after: 117,
  before: 12,
  everyMs: 10_000,
  from: "2026-03-01T09:59:50.000Z",
  "last-event-id": 117,
  "if-match": '"web-12.4.1"',
  "idempotency-key": "4b1c5f0e-6a77-4f0b-9d5a-0c1f6f4b2a11",
};
