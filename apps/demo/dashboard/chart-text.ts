import type { ChartSpec, Series } from './chart.ts';
import { escape, figure } from './format.ts';

/** Each line's value at a time, for the reader of one point: the last value at or before it. */
export function readingAt({ series, unit }: Pick<ChartSpec, 'series' | 'unit'>, atMs: number): string {
  const values = series.flatMap(({ name, points }) => {
    const point = points.findLast(([ms]) => ms <= atMs);
    return point === undefined ? [] : [`${name} ${figure(point[1])}`];
  });
  const at = `${figure(Math.round(atMs / 100) / 10)} s`;
  return values.length === 0 ? `${at}: nothing yet` : `${at}: ${values.join(', ')} ${unit}`;
}

/** What the chart shows, for those who do not see it. */
export function summaryOf({ title, series, unit }: Pick<ChartSpec, 'title' | 'series' | 'unit'>): string {
  const lines = series
    .filter(({ points }) => points.length > 0)
    .map(({ name, points }) => {
      const values = points.map(([, value]) => value);
      return `${name}: highest ${figure(Math.max(...values))}, last ${figure(values.at(-1)!)} ${unit}`;
    });
  return `${title}. ${lines.length === 0 ? 'No data yet.' : `${lines.join('; ')}.`}`;
}

/** The same numbers as a table, one row a second. */
export function tableOf({ series, unit, spanMs }: ChartSpec): string {
  const drawn = series.filter(({ points }) => points.length > 0);
  const everyMs = 1_000 * Math.max(1, Math.ceil(spanMs / 60_000));
  const lastMs = Math.max(0, ...drawn.map(({ points }) => points.at(-1)![0]));
  const times = Array.from({ length: Math.floor(lastMs / everyMs) }, (_, index) => (index + 1) * everyMs);
  const cells = (atMs: number): string =>
    drawn
      .map(({ points }) => points.findLast(([ms]) => ms <= atMs && ms > atMs - everyMs)?.[1])
      .map((value) => `<td>${value === undefined ? '' : figure(value)}</td>`)
      .join('');
  return (
    `<thead><tr><th scope="col">second</th>${drawn.map(({ name }) => `<th scope="col">${escape(name)}, ${escape(unit)}</th>`).join('')}</tr></thead>` +
    `<tbody>${times.map((atMs) => `<tr><th scope="row">${figure(atMs / 1_000)}</th>${cells(atMs)}</tr>`).join('')}</tbody>`
  );
}

/** Name and pattern of each line. */
export const legendOf = (series: readonly Series[]): string =>
  series
    .map(
      ({ name, style }) =>
        `<li><svg viewBox="0 0 28 8" width="28" height="8" aria-hidden="true"><path class="line ${style}" d="M1 4H27"/></svg>${escape(name)}</li>`,
    )
    .join('');
