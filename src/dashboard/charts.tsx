import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ServiceView } from "../core/view.ts";
import { Chart } from "./chart.tsx";
import { Choice } from "./choice.tsx";
import { boundaries, errorRatio, latencyMs, type Quantile, requestsPerS, SMOOTHED } from "./curves.ts";
import { latency, percentOf, rate } from "./figures.ts";
import { journal } from "./live.ts";
import { poolClass } from "./pool-colour.ts";
import { keepCounting, traffic, type Zoom, zoom } from "./traffic.ts";

const QUANTILES: readonly (readonly [value: Quantile, label: string])[] = [
  ["p50Ms", "p50"],
  ["p95Ms", "p95"],
  ["p99Ms", "p99"],
];

const ZOOMS: readonly (readonly [value: Zoom, label: string])[] = [
  [1_000, "3 min"],
  [10_000, "30 min"],
];

/** What each pool does, over the last minutes, as nginx writes it down. */
export function Charts({ service }: { readonly service: ServiceView }) {
  const quantile = useSignal<Quantile>("p95Ms");
  const { name, rollout } = service;
  const everyMs = zoom.value;
  useEffect(() => keepCounting(name, everyMs), [name, everyMs]);
  const now = traffic.value;
  if (now.is === "none")
    return (
      <p class="dim">
        No curves: nothing counts the requests of {name}. A metric with <code>source: nginx</code> does.
      </p>
    );
  const points = now.is === "points" ? now.points : { everyMs, at: [], pools: {} };
  const common = {
    at: points.at,
    pools: Object.keys(service.pools).map((pool) => [pool, poolClass(service, pool)] as const),
    boundaries: boundaries(journal.value, rollout),
  };
  return (
    <>
      <div class="chart-tools">
        <Choice label="Time" options={ZOOMS} value={everyMs} onChoose={(value) => (zoom.value = value)} />
        <Choice label="Latency" options={QUANTILES} value={quantile.value} onChoose={(value) => (quantile.value = value)} />
      </div>
      <div class="charts">
        <Chart {...common} title="Requests per second" lines={requestsPerS(points)} format={rate} least={5} />
        <Chart
          {...common}
          title={`Failed, of ${(SMOOTHED * everyMs) / 1_000} s`}
          lines={errorRatio(points)}
          format={percentOf}
          least={0.02}
        />
        <Chart
          {...common}
          title={`Latency, ${QUANTILES.find(([value]) => value === quantile.value)?.[1]}`}
          lines={latencyMs(points, quantile.value)}
          format={latency}
          least={10}
        />
      </div>
    </>
  );
}
