import { linearAxis, logAxis, type Axis } from './axis.ts';
import { legendOf, summaryOf, tableOf } from './chart-text.ts';
import { escape, figure } from './format.ts';

export interface Series {
  name: string;
  style: 'before' | 'after' | 'before-2' | 'after-2' | 'between' | 'between-2';
  /** Time in milliseconds, value. */
  points: readonly (readonly [number, number])[];
}

export interface ChartSpec {
  title: string;
  /** What a value is, e.g. `calls/s`. */
  unit: string;
  series: readonly Series[];
  markers?: readonly { atMs: number; label: string }[];
  spanMs: number;
  isLog?: boolean;
  /** Shades what is below the first line of each phase. */
  isFilled?: boolean;
  width: number;
  height: number;
  /** Draws a line through this time. */
  cursorMs?: number | undefined;
}

export const margin = { top: 22, right: 12, bottom: 24, left: 48 };

interface Frame {
  x: Axis;
  y: Axis;
  left(ms: number): number;
  top(value: number): number;
}

function frameOf({ series, spanMs, isLog, width, height }: ChartSpec): Frame {
  const highest = Math.max(0, ...series.flatMap(({ points }) => points.map(([, value]) => value)));
  const y = isLog === true ? logAxis(highest) : linearAxis(highest === 0 ? 1 : highest, height < 180 ? 3 : 4);
  const x = linearAxis(spanMs / 1_000, Math.max(3, Math.floor(width / 110)));
  const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  return {
    x,
    y,
    left: (ms) => round(margin.left + inner.width * Math.min(1, ms / spanMs)),
    top: (value) => round(margin.top + inner.height * (1 - y.at(value))),
  };
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** What is inside the `<svg>` of a chart: grid, axes, markers, lines. The page and the report draw with it. */
export function chartBody(spec: ChartSpec): string {
  const frame = frameOf(spec);
  const isEmpty = spec.series.every(({ points }) => points.length === 0);
  const [right, bottom] = [spec.width - margin.right, spec.height - margin.bottom];
  const grid = (isEmpty ? [0] : frame.y.ticks).map((value) => {
    const top = frame.top(value);
    return `<path class="grid" d="M${margin.left} ${top}H${right}"/><text class="tick" x="${margin.left - 8}" y="${top + 4}" text-anchor="end">${figure(value)}</text>`;
  });
  const times = frame.x.ticks
    .filter((second) => second * 1_000 <= spec.spanMs)
    .map(
      (second) =>
        `<text class="tick" x="${frame.left(second * 1_000)}" y="${bottom + 17}" text-anchor="middle">${figure(second)}${second === 0 ? ' s' : ''}</text>`,
    );
  const cursor =
    spec.cursorMs === undefined
      ? ''
      : `<path class="cursor" d="M${frame.left(spec.cursorMs)} ${margin.top}V${bottom}"/>`;
  const lines = spec.series
    .filter(({ points }) => points.length > 0)
    .map((series) => line(series, frame, spec.isFilled === true ? bottom : undefined));
  return [
    isEmpty
      ? `<text class="empty" x="${spec.width / 2}" y="${spec.height / 2}" text-anchor="middle">no data yet</text>`
      : '',
    `<text class="unit" x="0" y="10">${escape(spec.unit)}</text>`,
    ...grid,
    ...times,
    ...(spec.markers ?? []).map((marker, index) => flag(marker, index, frame, spec.width, bottom)),
    ...lines,
    cursor,
  ].join('');
}

function line({ points, style }: Series, { left, top }: Frame, bottom: number | undefined): string {
  const path = points.map(([ms, value], index) => `${index === 0 ? 'M' : 'L'}${left(ms)} ${top(value)}`).join('');
  const [first, last] = [left(points[0]![0]), left(points.at(-1)![0])];
  const area =
    bottom === undefined ? '' : `<path class="area ${style}" d="${path}L${last} ${bottom}L${first} ${bottom}Z"/>`;
  return `${area}<path class="line ${style}" d="${path}"/>`;
}

/** Labels of neighbouring events take turns in three rows, and turn to the left near the right edge. */
function flag(
  marker: { atMs: number; label: string },
  index: number,
  frame: Frame,
  width: number,
  bottom: number,
): string {
  const left = frame.left(marker.atMs);
  const top = margin.top + 10 + (index % 3) * 14;
  const isNearEdge = left > width * 0.7;
  return (
    `<path class="marker" d="M${left} ${margin.top}V${bottom}"/>` +
    `<text class="flag" x="${left + (isNearEdge ? -5 : 5)}" y="${top}"${isNearEdge ? ' text-anchor="end"' : ''}>${escape(marker.label)}</text>`
  );
}

/** A whole chart that needs nothing else: for the report. */
export function chartFigure(spec: ChartSpec): string {
  return (
    `<figure class="chart"><figcaption>${escape(spec.title)}</figcaption><ul class="legend">${legendOf(spec.series)}</ul>` +
    `<svg viewBox="0 0 ${spec.width} ${spec.height}" role="img" aria-label="${escape(summaryOf(spec))}">${chartBody(spec)}</svg>` +
    `<details><summary>As a table</summary><div class="scroll" tabindex="0" role="region" aria-label="Table: ${escape(spec.title)}"><table>${tableOf(spec)}</table></div></details></figure>`
  );
}
