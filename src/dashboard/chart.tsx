import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Boundary, Lines } from "./curves.ts";
import { colour, theme } from "./theme.ts";

type Props = {
  readonly title: string;
  readonly at: readonly number[];
  readonly lines: Lines;
  /** The pools to draw, each with its CSS class. */
  readonly pools: readonly (readonly [pool: string, className: string])[];
  readonly boundaries: readonly Boundary[];
  readonly format: (value: number) => string;
  /** The axis goes up to this at least, so that noise does not look like mountains. */
  readonly least: number;
};

const HEIGHT = 150;
/** Curves that have just begun are not drawn over the whole width. */
const LEAST_S = 60;

/** A live chart with one line a pool and the step boundaries drawn in. What it shows stands below it in words and numbers, too. */
export function Chart(props: Props) {
  const { title, lines, pools, format, at } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const newest = useRef(props);
  newest.current = props;
  const under = useSignal<number | null>(null);
  const drawn = theme.value;
  const names = pools.map(([pool]) => pool).join();

  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    const made = new uPlot(
      optionsFor(box, newest, (index) => (under.value = index)),
      dataOf(newest.current),
      box,
    );
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: box.clientWidth, height: HEIGHT }));
    watch.observe(box);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [drawn, names]);

  useEffect(() => plot.current?.setData(dataOf(props)));

  const shown = under.value ?? at.length - 1;
  const said = pools.map(([pool, className]) => ({ pool, className, text: textOf(lines[pool]?.[shown], format) }));
  return (
    <figure class="chart" aria-label={`${title}: ${said.map(({ pool, text }) => `${pool} ${text}`).join(", ")}`}>
      <figcaption>
        <span class="chart-title">{title}</span>
        <span class="legend">
          {said.map(({ pool, className, text }) => (
            <span key={pool}>
              <span class={`swatch ${className}`} aria-hidden="true" />
              {pool} <b>{text}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div class="plot" ref={place} aria-hidden="true" />
    </figure>
  );
}

function textOf(value: number | null | undefined, format: Props["format"]): string {
  return value == null ? "–" : format(value);
}

function dataOf({ at, lines, pools }: Props): uPlot.AlignedData {
  return [[...at], ...pools.map(([pool]) => [...(lines[pool] ?? at.map(() => null))])] as uPlot.AlignedData;
}

type Newest = { readonly current: Props };

function optionsFor(box: HTMLElement, newest: Newest, onCursor: (index: number | null) => void): uPlot.Options {
  const dim = colour(box, "--dim");
  const line = colour(box, "--line");
  const axis = { stroke: dim, font: "11px system-ui", ticks: { show: false }, grid: { stroke: line, width: 1 } };
  return {
    width: box.clientWidth,
    height: HEIGHT,
    padding: [14, 24, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 5 }, drag: { x: false, y: false }, sync: { key: "traffic" } },
    scales: {
      x: { time: true, range: (_plot, from, to) => [Math.min(from, to - LEAST_S), to] },
      y: { range: (_plot, _from, to) => [0, Math.max(newest.current.least, (to ?? 0) * 1.12)] },
    },
    axes: [
      {
        ...axis,
        size: 22,
        grid: { show: false },
        space: 70,
        values: [[1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 0]],
      },
      { ...axis, size: 46, space: 34, values: (_plot, values) => values.map((value) => newest.current.format(value)) },
    ],
    series: [{}, ...newest.current.pools.map(([pool, className]) => seriesOf(box, pool, className))],
    hooks: {
      setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)],
      drawAxes: [(plot) => drawBoundaries(plot, newest.current.boundaries, dim)],
    },
  };
}

function seriesOf(box: HTMLElement, pool: string, className: string): uPlot.Series {
  const stroke = colour(box, `--${className}`);
  return { label: pool, stroke, width: 1.75, spanGaps: false, points: { show: false } };
}

/** A thin line at each boundary, and what began there above it; where there is no room for all, the newest ones have theirs. */
function drawBoundaries(plot: uPlot, all: readonly Boundary[], stroke: string): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.fillStyle = stroke;
  ctx.lineWidth = ratio;
  ctx.font = `${10 * ratio}px system-ui`;
  ctx.textBaseline = "bottom";
  // The axes were drawn with another one.
  ctx.textAlign = "left";
  let taken = Number.POSITIVE_INFINITY;
  for (const { at, label } of [...all].reverse()) {
    const x = plot.valToPos(at, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.setLineDash([2 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const width = ctx.measureText(label).width;
    const left = Math.min(x, bbox.left + bbox.width + 20 * ratio - width);
    if (left + width + 8 * ratio > taken) continue;
    ctx.fillText(label, left, bbox.top - 2 * ratio);
    taken = left;
  }
  ctx.restore();
}
