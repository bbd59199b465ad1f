import { describe, expect, it } from 'vitest';
import type { Change, Point, Sample, ScenarioView, Snapshot } from './snapshot.ts';
import { applyChange, maxPoints } from './state.ts';

const plan = { key: 'a', scale: 'load 1:10', bounds: [], rows: [], loadMs: 1_000 };
const idle: Snapshot = {
  session: 's',
  running: undefined,
  progress: '',
  offered: [],
  scenarios: [
    {
      id: 'cache',
      title: 'A cache',
      story: '',
      sources: [],
      knobs: [],
      switches: [],
      code: undefined,
      plan,
      phases: [],
      replicas: [],
      verdict: undefined,
      failure: undefined,
      messages: [],
    },
  ],
};
const point = (atMs: number, calls: number, p99Ms?: number): Point => ({
  atMs,
  calls: { Get: calls },
  done: 0,
  errors: 0,
  retried: 0,
  driverLagMs: 0,
  gauges: {},
  ...(p99Ms === undefined ? {} : { p50Ms: 1, p99Ms }),
});
const sample = (what: Sample): Change => ({ type: 'sample', scenario: 'cache', sample: what });
const started = (name: string): Change =>
  sample({ kind: 'phase-started', name, plannedMs: 1_000, offered: 10, countedBy: 'pg_stat_statements' });
const ended = (name: string): Change =>
  sample({
    kind: 'phase-ended',
    phase: {
      name,
      durationMs: 1_000,
      requests: 10,
      errors: 0,
      latencyMs: { p50: 1, p90: 1, p99: 1, max: 1, mean: 1 },
      counts: {},
      validity: { ok: true, achievedRate: 1, driverLagP99Ms: 0, detail: '' },
    },
  });
const run = (key = 'a'): Change => ({ type: 'run-started', scenario: 'cache', plan: { ...plan, key } });
const after = (...changes: Change[]): ScenarioView & { running: string | undefined } => {
  const snapshot = changes.reduce(applyChange, idle);
  return { ...snapshot.scenarios.at(0)!, running: snapshot.running };
};

describe('applyChange', () => {
  it('keeps the phase before while the phase after runs in a second run', () => {
    const view = after(
      run(),
      started('after'),
      ended('after'),
      { type: 'run-ended', scenario: 'cache' },
      run(),
      started('before'),
    );

    expect(view.phases.map(({ name }) => name)).toEqual(['before', 'after']);
    expect(view.running).toBe('cache');
  });

  it('drops the phases of another load, since counts of two loads are not to be compared', () => {
    expect(after(run('a'), started('before'), ended('before'), run('b')).phases).toEqual([]);
  });

  it('drops a phase that was stopped half-way', () => {
    const view = after(run(), started('before'), { type: 'run-ended', scenario: 'cache', failure: 'stopped' });

    expect(view).toMatchObject({ phases: [], failure: 'stopped', running: undefined });
  });

  it('notes an event at the time of the last point', () => {
    const changes = [started('after'), sample({ kind: 'point', phase: 'after', point: point(750, 3) })];

    expect(after(run(), ...changes, sample({ kind: 'event', label: 'edit' })).phases[0]?.events).toEqual([
      { atMs: 750, label: 'edit' },
    ]);
  });

  it('holds a bounded number of points, and of the latencies the worst', () => {
    const points = Array.from({ length: 3 * maxPoints }, (_, index) =>
      sample({ kind: 'point', phase: 'after', point: point(index, index, index === 1 ? 999 : 1) }),
    );
    const phase = after(run(), started('after'), ...points).phases.at(0)!;

    expect(phase.points.length).toBeLessThanOrEqual(maxPoints);
    expect(phase.points.at(-1)?.atMs).toBe(3 * maxPoints - 1);
    expect(Math.max(...phase.points.map(({ p99Ms = 0 }) => p99Ms))).toBe(999);
    expect(phase.points.map(({ atMs }) => atMs)).toEqual(
      phase.points.map(({ atMs }) => atMs).toSorted((a, b) => a - b),
    );
  });

  it('changes no snapshot that it was given', () => {
    const frozen = structuredClone(idle);
    after(run(), started('after'), sample({ kind: 'point', phase: 'after', point: point(1, 1) }));

    expect(idle).toEqual(frozen);
  });
});
