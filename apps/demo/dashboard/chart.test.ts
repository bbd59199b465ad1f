import { describe, expect, it } from 'vitest';
import { readingAt, summaryOf, tableOf } from './chart-text.ts';
import { chartBody, chartFigure, type ChartSpec } from './chart.ts';

const spec: ChartSpec = {
  title: 'Calls',
  unit: 'calls/s',
  series: [
    {
      name: 'before',
      style: 'before',
      points: [
        [0, 0],
        [1_000, 800],
        [2_000, 1_000],
      ],
    },
    { name: 'after', style: 'after', points: [[1_000, 10]] },
  ],
  markers: [{ atMs: 1_000, label: 'replica <2> killed' }],
  spanMs: 2_000,
  width: 460,
  height: 246,
};

describe('chart', () => {
  it('draws a line through its points, from foot to top', () => {
    expect(chartBody(spec)).toContain('class="line before" d="M48 222L248 62L448 22"');
  });

  it('draws small values apart from nothing on a logarithmic axis', () => {
    const topOf = (isLog: boolean): number =>
      Number(/class="line after" d="M[\d.]+ ([\d.]+)/.exec(chartBody({ ...spec, isLog }))![1]);

    expect(topOf(false)).toBeGreaterThan(215);
    expect(topOf(true)).toBeLessThan(160);
  });

  it('writes labels as text, whatever they contain', () => {
    const body = chartBody(spec);

    expect(body).toContain('replica &lt;2&gt; killed');
    expect(body).not.toContain('<2>');
  });

  it('draws axes without data', () => {
    expect(chartBody({ ...spec, series: [] })).not.toContain('NaN');
    expect(summaryOf({ ...spec, series: [] })).toBe('Calls. No data yet.');
  });

  it('says in words what it shows, and what stood at a time', () => {
    expect(summaryOf(spec)).toBe(
      'Calls. before: highest 1,000, last 1,000 calls/s; after: highest 10, last 10 calls/s.',
    );
    expect(readingAt(spec, 1_500)).toBe('1.5 s: before 800, after 10 calls/s');
    expect(readingAt({ ...spec, series: [] }, 500)).toBe('0.5 s: nothing yet');
  });

  it('gives the same numbers as a table', () => {
    expect(tableOf(spec)).toContain('<tr><th scope="row">1</th><td>800</td><td>10</td></tr>');
  });

  it('stands alone in a report: drawing, name, table, no script', () => {
    const figure = chartFigure(spec);

    expect(figure).toContain('role="img" aria-label="Calls. before');
    expect(figure).toContain('<table>');
    expect(figure).not.toContain('<script');
  });
});
