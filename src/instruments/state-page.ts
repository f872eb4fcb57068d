import { type PoolName, type ServiceName, type Shares, WHOLE } from "../core/units.ts";
import type { MemberView, RolloutView, ServiceView } from "../core/view.ts";

/** A gauge that is written anew for each answer. */
type Family = { readonly name: string; readonly help: string; readonly labels: readonly string[] };

const POOL = ["service", "pool"] as const;

const FAMILIES = {
  wanted: {
    name: "sluice_share_wanted_ratio",
    help: "Part of the service's traffic that the pool should get, 0 to 1.",
    labels: POOL,
  },
  applied: {
    name: "sluice_share_applied_ratio",
    help: "The same, as every nginx is proved to serve it; absent while they differ.",
    labels: POOL,
  },
  observed: {
    name: "sluice_share_observed_ratio",
    help: "The same, as nginx wrote it down lately; absent where nothing counts requests.",
    labels: POOL,
  },
  members: { name: "sluice_pool_members", help: "Members of the pool.", labels: POOL },
  ready: {
    name: "sluice_pool_members_ready",
    help: "Members of the pool that are healthy, and not taken out by anybody.",
    labels: POOL,
  },
  inFlight: {
    name: "sluice_pool_in_flight",
    help: "Connections of nginx to members of the pool: requests in flight, and for members in service idle ones; absent where not known.",
    labels: POOL,
  },
  phase: {
    name: "sluice_rollout_phase",
    help: "1 for the phase of the newest rollout of the service; the other phases are absent.",
    labels: ["service", "phase"],
  },
  person: {
    name: "sluice_rollout_waits_for_person",
    help: "1 while nothing but a person or a repair moves the rollout on: approval, a pause, a hold whose time is over.",
    labels: ["service"],
  },
  verdict: {
    name: "sluice_check_verdict",
    help: "1 for what a check of the rollout under way says: pass, fail, inconclusive or error; the others are absent.",
    labels: ["service", "check", "verdict"],
  },
} satisfies Readonly<Record<string, Family>>;

type Key = keyof typeof FAMILIES;

export const STATE_FAMILIES: readonly Family[] = Object.values(FAMILIES);

/**
 * What stands now, service by service, in Prometheus' text format. It is written straight from the views: with 1 000 services, gauges
 * that are filled and emptied for each answer took twice as much of the processor, most of it to collect what they threw away.
 */
export class StatePage {
  readonly #lines = new Map<Key, string[]>();

  add({ name, pools, wanted, applied, observed, rollout }: ServiceView): void {
    const labels = Object.keys(pools).map((pool) => [pool, `service="${escaped(name)}",pool="${escaped(pool)}"`] as const);
    for (const [pool, label] of labels) {
      this.#share("wanted", label, wanted.shares, pool);
      if (applied.shares !== null) this.#share("applied", label, applied.shares, pool);
      // Without a request there is no share, and 0 for all would be a wrong one.
      if (observed !== null && observed.requests > 0) this.#share("observed", label, observed.shares, pool);
      this.#pool(label, pools[pool]?.members ?? []);
    }
    if (rollout !== null) this.#rollout(name, rollout);
  }

  text(): string {
    return (Object.keys(FAMILIES) as Key[])
      .map((key) => {
        const { name, help } = FAMILIES[key];
        return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${this.#lines.get(key)?.join("") ?? ""}`;
      })
      .join("\n");
  }

  #share(key: Key, label: string, shares: Shares, pool: PoolName): void {
    this.#line(key, label, (shares[pool] ?? 0) / WHOLE);
  }

  #pool(label: string, members: readonly MemberView[]): void {
    this.#line("members", label, members.length);
    this.#line("ready", label, members.filter(({ state, health }) => state === "ready" && health === "ready").length);
    // A sum without one of them would be too small.
    const inFlight = members.reduce<number | null>(
      (sum, one) => (sum === null || one.inFlight === null ? null : sum + one.inFlight),
      0,
    );
    if (inFlight !== null) this.#line("inFlight", label, inFlight);
  }

  #rollout(service: ServiceName, rollout: RolloutView): void {
    const label = `service="${escaped(service)}"`;
    this.#line("phase", `${label},phase="${rollout.phase}"`, 1);
    if (rollout.endedAt !== null) return;
    this.#line("person", label, waitsForPerson(rollout) ? 1 : 0);
    for (const { name, is } of rollout.checks) this.#line("verdict", `${label},check="${escaped(name)}",verdict="${is}"`, 1);
  }

  #line(key: Key, label: string, value: number): void {
    const line = `${FAMILIES[key].name}{${label}} ${value}\n`;
    const lines = this.#lines.get(key);
    if (lines === undefined) this.#lines.set(key, [line]);
    else lines.push(line);
  }
}

function waitsForPerson({ phase, remainingMs }: RolloutView): boolean {
  return phase === "paused" || (phase === "waiting" && remainingMs === null);
}

/** As the text format wants values of labels: a backslash, a quote and the end of a line are escaped. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
