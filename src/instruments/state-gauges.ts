import { Gauge, type Registry } from "prom-client";
import { type PoolName, type ServiceName, type Shares, WHOLE } from "../core/units.ts";
import type { MemberView, RolloutView, ServiceView } from "../core/view.ts";

type PoolGauge = Gauge<"service" | "pool">;

/** What stands now, service by service: filled anew from the views for each answer, so that what is gone is not told on. */
export class StateGauges {
  readonly #wanted: PoolGauge;
  readonly #applied: PoolGauge;
  readonly #observed: PoolGauge;
  readonly #members: PoolGauge;
  readonly #ready: PoolGauge;
  readonly #inFlight: PoolGauge;
  readonly #phase: Gauge<"service" | "phase">;
  readonly #person: Gauge<"service">;
  readonly #verdict: Gauge<"service" | "check" | "verdict">;

  constructor(registry: Registry) {
    const registers = [registry];
    const pool = (name: string, help: string): PoolGauge => new Gauge({ name, help, labelNames: ["service", "pool"], registers });
    this.#wanted = pool("sluice_share_wanted_ratio", "Part of the service's traffic that the pool should get, 0 to 1.");
    this.#applied = pool(
      "sluice_share_applied_ratio",
      "The same, as every nginx is proved to serve it; absent while they differ.",
    );
    this.#observed = pool(
      "sluice_share_observed_ratio",
      "The same, as nginx wrote it down lately; absent where nothing counts requests.",
    );
    this.#members = pool("sluice_pool_members", "Members of the pool.");
    this.#ready = pool("sluice_pool_members_ready", "Members of the pool that are healthy, and not taken out by anybody.");
    this.#inFlight = pool(
      "sluice_pool_in_flight",
      "Connections of nginx to members of the pool: requests in flight, and for members in service idle ones; absent where not known.",
    );
    this.#phase = new Gauge({
      name: "sluice_rollout_phase",
      help: "1 for the phase of the newest rollout of the service; the other phases are absent.",
      labelNames: ["service", "phase"],
      registers,
    });
    this.#person = new Gauge({
      name: "sluice_rollout_waits_for_person",
      help: "1 while nothing but a person or a repair moves the rollout on: approval, a pause, a hold whose time is over.",
      labelNames: ["service"],
      registers,
    });
    this.#verdict = new Gauge({
      name: "sluice_check_verdict",
      help: "1 for what a check of the rollout under way says: pass, fail, inconclusive or error; the others are absent.",
      labelNames: ["service", "check", "verdict"],
      registers,
    });
  }

  fill(services: readonly ServiceView[]): void {
    const gauges = [this.#wanted, this.#applied, this.#observed, this.#members, this.#ready, this.#inFlight];
    for (const gauge of [...gauges, this.#phase, this.#person, this.#verdict]) gauge.reset();
    for (const service of services) {
      const { name, pools, wanted, applied, observed, rollout } = service;
      const names = Object.keys(pools);
      setShares(this.#wanted, name, names, wanted.shares);
      if (applied.shares !== null) setShares(this.#applied, name, names, applied.shares);
      // Without a request there is no share, and 0 for all would be a wrong one.
      if (observed !== null && observed.requests > 0) setShares(this.#observed, name, names, observed.shares);
      for (const [pool, { members }] of Object.entries(pools)) this.#pool(name, pool, members);
      if (rollout !== null) this.#rollout(name, rollout);
    }
  }

  #pool(service: ServiceName, pool: PoolName, members: readonly MemberView[]): void {
    this.#members.set({ service, pool }, members.length);
    this.#ready.set({ service, pool }, members.filter(({ state, health }) => state === "ready" && health === "ready").length);
    const counts = members.map(({ inFlight }) => inFlight);
    // A sum without one of them would be too small.
    if (counts.every((count) => count !== null))
      this.#inFlight.set(
        { service, pool },
        counts.reduce((sum, count) => sum + count, 0),
      );
  }

  #rollout(service: ServiceName, rollout: RolloutView): void {
    this.#phase.set({ service, phase: rollout.phase }, 1);
    if (rollout.endedAt !== null) return;
    this.#person.set({ service }, waitsForPerson(rollout) ? 1 : 0);
    for (const { name, is } of rollout.checks) this.#verdict.set({ service, check: name, verdict: is }, 1);
  }
}

function setShares(gauge: PoolGauge, service: ServiceName, pools: readonly PoolName[], shares: Shares): void {
  for (const pool of pools) gauge.set({ service, pool }, (shares[pool] ?? 0) / WHOLE);
}

function waitsForPerson({ phase, remainingMs }: RolloutView): boolean {
  return phase === "paused" || (phase === "waiting" && remainingMs === null);
}
