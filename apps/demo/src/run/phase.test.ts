import { expect, it } from 'vitest';
import type { LoadReport } from '../../load/recorder.ts';
import { validityOf } from './phase.ts';

const report = (over: Partial<LoadReport>): LoadReport => ({
  done: 100,
  errors: 0,
  elapsedMs: 900,
  latencyMs: { p50: 1, p90: 1, p99: 1, max: 1, mean: 1 },
  driverLagP99Ms: 3,
  firstErrors: [],
  ...over,
});
const load = { offered: 100, plannedMs: 1_000 };

it('accepts a load that was as planned', () => {
  expect(validityOf(report({ done: 98 }), load)).toMatchObject({ ok: true, achievedRate: 0.98 });
});

it.each([
  [{ done: 97, firstErrors: ['connect ECONNREFUSED'] }, 'only 97.0 % of the load was achieved (connect ECONNREFUSED)'],
  [{ driverLagP99Ms: 20.5 }, 'the load process was late by 20.5 ms (p99), more than 20 ms'],
  [{ elapsedMs: 1_001 }, 'the load took 1001 ms, longer than the planned 1000 ms'],
])('refuses a load with %j', (over, detail) => {
  expect(validityOf(report(over), load)).toMatchObject({ ok: false, detail });
});
