import type { ServiceView } from "../core/view.ts";
import { boundaries, dividedSince, rampedAt } from "./curves.ts";
import { count, percentOfBp } from "./figures.ts";
import { journal } from "./live.ts";
import { poolClass } from "./pool-colour.ts";
import { traffic } from "./traffic.ts";

type Row = {
  readonly name: string;
  readonly shares: Readonly<Record<string, number>> | null;
  readonly note: string;
  /** False where it was counted: then a tenth of a per cent is all that it can say. */
  readonly exact: boolean;
};

/** The three answers to "how is the traffic divided", side by side: what is wanted, what nginx was proved to do, what requests did. */
export function Shares({ service }: { readonly service: ServiceView }) {
  const { wanted, applied } = service;
  const observed = observedOf(service);
  const rows: readonly Row[] = [
    { name: "wanted", shares: wanted.shares, note: "", exact: true },
    { name: "in nginx", shares: applied.shares, note: applied.shares === null ? "not proved" : "", exact: true },
    { name: "observed", ...observed, exact: false },
  ];
  return (
    <table class="shares">
      <caption class="unseen">Shares of the traffic</caption>
      <colgroup>
        <col class="share-name" />
        <col class="share-place" />
        <col />
      </colgroup>
      <thead class="unseen">
        <tr>
          <th scope="col">Kind</th>
          <th scope="col">Shares by pool</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name} data-shares={row.name}>
            <th scope="row">{row.name}</th>
            <td>
              <ShareBar service={service} shares={row.shares} />
            </td>
            <td class="figures">
              {row.shares !== null && Object.keys(row.shares).length > 0 ? (
                <Figures service={service} shares={row.shares} exact={row.exact} />
              ) : (
                <span class="dim">–</span>
              )}
              {row.note !== "" && <span class="dim note">{row.note}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/**
 * Since nginx serves the present shares: what requests did under others says nothing of these. Where nothing is known of that time, or
 * no share was ever moved, over the last half minute.
 */
function observedOf({ observed, rollout }: ServiceView): Pick<Row, "shares" | "note"> {
  const now = traffic.value;
  // An update in place moves no share.
  const began = rollout?.rolling == null ? boundaries(journal.value, rollout).at(-1)?.at : undefined;
  if (now.is === "points" && began !== undefined) {
    const ramped = rampedAt(journal.value);
    const here = dividedSince(now.points, ramped ?? began);
    if (here.shares !== null) return { shares: here.shares, note: `${count(here.requests)} requests since nginx serves this` };
    const step = ramped === null ? here : dividedSince(now.points, began);
    if (step.shares !== null) return { shares: step.shares, note: `${count(step.requests)} requests since this ramp began` };
    if (observed !== null && ((now.points.at.at(-1) ?? 0) - began) * 1_000 < observed.windowMs)
      return { shares: null, note: `counting: ${count(here.requests)} requests since nginx serves this` };
  }
  if (observed === null) return { shares: null, note: "nothing counts requests: a metric with source: nginx does" };
  if (observed.requests === 0) return { shares: null, note: "no requests" };
  return { shares: observed.shares, note: `${count(observed.requests)} requests in ${Math.round(observed.windowMs / 1_000)} s` };
}

/** One bar, divided by pools in the order of the configuration. */
export function ShareBar({ service, shares }: { readonly service: ServiceView; readonly shares: Row["shares"] }) {
  return (
    <div class={shares === null ? "share-bar none" : "share-bar"} aria-hidden="true">
      {Object.keys(service.pools).map((pool) => (
        <span key={pool} class={poolClass(service, pool)} style={{ width: `${(shares?.[pool] ?? 0) / 100}%` }} />
      ))}
    </div>
  );
}

type FiguresProps = { readonly service: ServiceView; readonly shares: NonNullable<Row["shares"]>; readonly exact: boolean };

function Figures({ service, shares, exact }: FiguresProps) {
  const shown = Object.keys(service.pools).filter((pool) => (shares[pool] ?? 0) > 0);
  return (
    <>
      {shown.map((pool) => (
        <span key={pool} class="figure">
          <span class={`swatch ${poolClass(service, pool)}`} aria-hidden="true" />
          {pool} <b>{percentOfBp(exact ? (shares[pool] ?? 0) : Math.round((shares[pool] ?? 0) / 10) * 10)}</b>
        </span>
      ))}
    </>
  );
}
