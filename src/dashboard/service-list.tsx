import type { ServiceView } from "../core/view.ts";
import { needsAttention } from "./attention.ts";
import { percentOfBp } from "./figures.ts";
import { services } from "./live.ts";
import { Phase } from "./phase.tsx";
import { hrefOf, type Route, refine, route } from "./route.ts";
import { ShareBar } from "./shares.tsx";
import { isUnderWay } from "./verbs.ts";
import { VerdictCounts } from "./verdict.tsx";

type ListRoute = Route & { readonly at: "list" };

/** All services, those that need a person first. What is searched for stands in the address. */
export function ServiceList() {
  const at = route.value;
  if (at.at !== "list") return null;
  const all = [...(services.value ?? new Map()).values()].map(({ service }) => ({ service, why: needsAttention(service) }));
  const shown = all
    .filter(({ service, why }) => service.name.includes(at.search.toLowerCase()) && (!at.attention || why.length > 0))
    .sort((a, b) => rank(a) - rank(b));
  return (
    <>
      <div class="list-head">
        <h1>Services</h1>
        <Filters at={at} pressing={all.filter(({ why }) => why.length > 0).length} />
      </div>
      {shown.length === 0 ? (
        <p class="blank">{all.length === 0 ? "No service is configured." : "No service matches."}</p>
      ) : (
        <ul class="services">
          {shown.map(({ service, why }) => (
            <Row key={service.name} service={service} why={why} />
          ))}
        </ul>
      )}
    </>
  );
}

/** A stable sort keeps the order of the configuration within a rank. */
function rank({ service, why }: { readonly service: ServiceView; readonly why: readonly string[] }): number {
  if (why.length > 0) return 0;
  return isUnderWay(service.rollout) ? 1 : 2;
}

function Filters({ at, pressing }: { readonly at: ListRoute; readonly pressing: number }) {
  return (
    <search class="filters">
      <input
        id="search"
        type="search"
        aria-label="Search services"
        placeholder="Search  /"
        value={at.search}
        onInput={(event) => refine({ ...at, search: event.currentTarget.value })}
      />
      <button
        type="button"
        class="toggle"
        aria-pressed={at.attention}
        onClick={() => refine({ ...at, attention: !at.attention })}
      >
        Needs attention <span class="number">{pressing}</span>
      </button>
    </search>
  );
}

function Row({ service, why }: { readonly service: ServiceView; readonly why: readonly string[] }) {
  const { name, rollout, stable, wanted, applied, candidate } = service;
  const moving = isUnderWay(rollout) ? rollout : null;
  const shares = applied.shares ?? wanted.shares;
  return (
    <li class={why.length > 0 ? "service pressing" : "service"} data-service={name}>
      <a class="service-name" href={hrefOf({ at: "service", service: name })}>
        {name}
      </a>
      <Phase rollout={moving} />
      <div class="service-shares">
        <ShareBar service={service} shares={shares} />
        <span class="dim">
          {candidate === null ? (
            <>all on {stable}</>
          ) : (
            <>
              {candidate} <b>{percentOfBp(shares[candidate] ?? 0)}</b>
            </>
          )}
        </span>
      </div>
      <p class="service-why">
        {why[0] ?? moving?.reason ?? (rollout === null ? "no rollout yet" : `${rollout.id} ${rollout.phase}`)}
      </p>
      <VerdictCounts checks={moving?.checks ?? []} />
    </li>
  );
}
