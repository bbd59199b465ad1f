import { describe, expect, it } from 'vitest';
import { chartsOf } from './charts.ts';
import { callRates, headlineOf, latencies, rowsOf, spanMs } from './figures.ts';
import type { PhaseView, ScenarioView } from './snapshot.ts';

const look = (atMs: number, Get: number, Other = 0): PhaseView['points'][number] => ({
  atMs,
  calls: { Get, Other },
  done: 0,
  errors: 0,
  retried: 0,
  driverLagMs: 0,
  gauges: {},
});
const result: NonNullable<PhaseView['result']> = {
  name: '',
  durationMs: 2_000,
  requests: 1,
  errors: 0,
  latencyMs: { p50: 1, p90: 1, p99: 1, max: 1, mean: 1 },
  counts: {},
  validity: { ok: true, achievedRate: 1, driverLagP99Ms: 0, detail: '' },
};
const phase = (name: string, points: PhaseView['points'], isDone = true): PhaseView => ({
  name,
  plannedMs: 4_000,
  offered: 1,
  countedBy: 'pg_stat_statements',
  points,
  events: [],
  result: isDone ? result : undefined,
});
const view = (...phases: PhaseView[]): ScenarioView => ({
  id: 'cache',
  title: '',
  story: '',
  sources: [],
  knobs: [],
  switches: [],
  code: undefined,
  plan: { key: '', scale: '', bounds: [], loadMs: 0, rows: [{ name: 'Get', bound: 8, source: '100 -> 1' }] },
  phases,
  replicas: [],
  verdict: undefined,
  failure: undefined,
  messages: [],
});
const both = view(phase('before', [look(1_000, 50, 3), look(2_000, 100, 9)]), phase('after', [look(2_000, 5, 9)]));

describe('figures', () => {
  it('counts the statements of the story, and no others', () => {
    expect(headlineOf(both)).toMatchObject({ title: 'Database calls', before: 100, after: 5, bound: 8, saved: 0.95 });
  });

  it('says what was saved only when both phases are done', () => {
    const running = view(phase('before', [look(2_000, 100)]), phase('after', [look(500, 1)], false));

    expect(headlineOf(running)).toMatchObject({ after: 1, saved: undefined });
    expect(rowsOf(running)).toMatchObject([{ after: 1, reduction: undefined }]);
  });

  it('counts every statement where the plan names none', () => {
    const plan = { ...both.plan, rows: [] };

    expect(headlineOf({ ...both, plan })).toMatchObject({ before: 109, bound: undefined });
  });

  it('shows the row that the story names, live as requests that fail', () => {
    const headline = { title: 'Turns that failed', row: 'turns that failed', live: 'errors' } as const;
    const row = { name: headline.row, before: 3, after: 0, bound: 0, reduction: 1, source: '' };
    const verdict = { status: 'reproduced' as const, countedBy: '', rows: [row], checks: [], notes: [], skipped: [] };

    expect(headlineOf({ ...both, headline })).toMatchObject({ before: 0, after: 0 });
    expect(headlineOf({ ...both, headline, verdict })).toEqual({
      title: 'Turns that failed',
      before: 3,
      after: 0,
      bound: 0,
      saved: 1,
    });
  });

  it('fills a row with the count of the phase that the last run left out', () => {
    const row = { name: 'Get', before: undefined, after: 5, bound: 8, reduction: undefined, source: '' };
    const verdict = { status: 'reproduced' as const, countedBy: '', rows: [row], checks: [], notes: [], skipped: [] };

    expect(rowsOf({ ...both, verdict })).toMatchObject([{ before: 100, after: 5, reduction: 0.95 }]);
  });

  it('takes the rate from two looks and the time between them', () => {
    expect(callRates(both)[0]).toMatchObject({ name: 'before', points: [[2_000, 50]] });
  });

  it('draws what fails where the story is about that', () => {
    const points = [look(1_000, 1), { ...look(2_000, 9), errors: 30 }];
    const headline = { title: 'Failed turns', row: 'turns', live: 'errors' } as const;

    expect(chartsOf({ ...view(phase('before', points)), headline })[0]).toMatchObject({
      title: 'Failed turns per second, counted by the load process',
      series: [{ points: [[2_000, 30]] }],
    });
  });

  it('leaves a gap in the latencies where nothing was answered', () => {
    const answered = { ...look(1_000, 0), p50Ms: 2, p99Ms: 9 };

    expect(latencies(view(phase('before', [answered, look(2_000, 0)]))).map(({ points }) => points)).toEqual([
      [[1_000, 2]],
      [[1_000, 9]],
    ]);
  });

  it('keeps the axis still while a phase runs, and ends it with the data', () => {
    expect(spanMs(view(phase('before', [look(1_000, 1)], false)))).toBe(4_000);
    expect(spanMs(both)).toBe(2_000);
  });
});
