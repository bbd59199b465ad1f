import { expect, it } from 'vitest';
import { defaultOptions, type RunOptions } from '../scenario.ts';
import { boundsOf, callsOf, loadOf, planCacheAside } from './plan.ts';

const options: RunOptions = { ...defaultOptions, size: 'fast' };

it('allows one query for a cold key over all processes with the lease, and one in each process without', () => {
  const load = { callers: 500, rounds: 4, everyMs: 1_000, withinMs: 10 };

  expect(callsOf(load)).toBe(2_000);
  expect(boundsOf(load, 3).map(({ phase, bound }) => [phase, bound])).toEqual([
    ['after', 4],
    ['memory', 12],
  ]);
});

it('sends 500 callers to a cold key in every size', () => {
  for (const size of ['fast', 'default', 'full'] as const) expect(loadOf({ size }).callers).toBe(500);
});

it('says what is predicted for the callers that leave, the outage and the reaper', () => {
  const text = planCacheAside(options).bounds.join('\n');

  expect(text).toContain('100 callers of a cold key, 40 leave: 60 served, 1 query');
  expect(text).toContain('200,000 expired entries');
});
