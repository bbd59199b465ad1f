import { describe, expect, it } from 'vitest';
import { exitCodeOf, reductionOf, rowHolds, statusOf, type Phase, type Row, type ScenarioResult } from './result.ts';

const row = (over: Partial<Row>): Row => ({
  name: 'Get',
  before: 1_000,
  after: 9,
  bound: 10,
  reduction: 0.991,
  minReduction: 0.99,
  source: '',
  ...over,
});
const phase = (ok: boolean): Phase => ({
  name: 'after',
  durationMs: 1,
  requests: 1,
  errors: 0,
  latencyMs: { p50: 1, p90: 1, p99: 1, max: 1, mean: 1 },
  counts: {},
  validity: { ok, achievedRate: 1, driverLagP99Ms: 1, detail: '' },
});
const withStatus = (status: ScenarioResult['status']): ScenarioResult => ({
  id: 'x',
  title: '',
  status,
  scale: '',
  countedBy: 'pg_stat_statements',
  configuration: {},
  rows: [],
  checks: [],
  phases: [],
  notes: [],
  skipped: [],
});

describe('a row', () => {
  it('holds at its bound and breaks above it', () => {
    expect(rowHolds(row({ after: 10 }))).toBe(true);
    expect(rowHolds(row({ after: 11 }))).toBe(false);
  });

  it('breaks when it saves less than the story promises', () => {
    expect(rowHolds(row({ reduction: 0.98 }))).toBe(false);
  });

  it('has no reduction without both phases', () => {
    expect(reductionOf(undefined, 3)).toBeUndefined();
    expect(reductionOf(200, 2)).toBe(0.99);
  });
});

describe('a status', () => {
  it('is broken when a check does not hold', () => {
    expect(statusOf([row({})], [{ name: 'c', ok: false, detail: '' }], [phase(true)])).toBe('broken');
  });

  it('is invalid rather than broken when the load was not what it should have been', () => {
    expect(statusOf([row({ after: 99 })], [], [phase(false)])).toBe('invalid');
  });

  it('becomes exit code 1 when broken, else 2 when invalid, else 3 when something was skipped, else 0', () => {
    expect(exitCodeOf([withStatus('invalid'), withStatus('broken')])).toBe(1);
    expect(exitCodeOf([withStatus('invalid'), withStatus('reproduced')])).toBe(2);
    expect(exitCodeOf([{ ...withStatus('reproduced'), skipped: ['the lease: no Redis'] }])).toBe(3);
    expect(exitCodeOf([withStatus('reproduced'), withStatus('skipped')])).toBe(3);
    expect(exitCodeOf([withStatus('reproduced')])).toBe(0);
  });
});
