import { Actions } from "./actions.tsx";
import { Charts } from "./charts.tsx";
import { Checks } from "./checks.tsx";
import { Headline } from "./headline.tsx";
import { HistoryTable } from "./history-table.tsx";
import { HookRuns } from "./hook-runs.tsx";
import { Journal } from "./journal.tsx";
import { services, unknown } from "./live.ts";
import { Members } from "./members.tsx";
import { Rolling } from "./rolling.tsx";
import { Shares } from "./shares.tsx";
import { Targets } from "./targets.tsx";
import { Track } from "./track.tsx";

/** Everything about one service. */
export function ServicePage({ name }: { readonly name: string }) {
  const seen = services.value?.get(name);
  if (unknown.value === name)
    return (
      <div class="blank">
        <h1>There is no service {name}</h1>
        <p>
          Or your token may not see it. <a href="#/">All services</a>
        </p>
      </div>
    );
  if (seen === undefined) return <p class="blank">Asking for {name}…</p>;
  const { service } = seen;
  const { rollout } = service;
  return (
    <div class="service-page" data-service={name}>
      <section class="card hero" aria-label="Now">
        <Headline seen={seen} />
        <Actions service={service} />
        {rollout !== null && <Track seen={seen} rollout={rollout} />}
      </section>
      <section class="card whole" aria-label="Curves">
        <h2>Last minutes</h2>
        <Charts service={service} />
      </section>
      {rollout?.rolling != null && (
        <section class="card whole" aria-label="Update">
          <h2>Update of {rollout.rolling.pool}</h2>
          <Rolling service={service} rolling={rollout.rolling} />
        </section>
      )}
      <div class="column">
        <section class="card" aria-label="Shares">
          <h2>Traffic</h2>
          <Shares service={service} />
          <Targets service={service} />
        </section>
        <section class="card" aria-label="Members">
          <h2>Members</h2>
          <Members service={service} />
        </section>
        <section class="card" aria-label="History">
          <h2>History</h2>
          <HistoryTable service={service} />
        </section>
      </div>
      <div class="column">
        {rollout !== null && rollout.checks.length > 0 && (
          <section class="card" aria-label="Checks">
            <h2>Evidence</h2>
            <Checks rollout={rollout} />
          </section>
        )}
        {rollout !== null && <HookRuns key={rollout.id} rollout={rollout.id} />}
        <section class="card" aria-label="Journal">
          <Journal />
        </section>
      </div>
    </div>
  );
}
