import { expect, it } from 'vitest';
import { checkPolls, checkShape, timeoutShare } from './shape.ts';

const phase = (tallies: Record<string, number>, latency: Partial<{ p50: number; mean: number }> = {}) => ({
  name: 'before',
  requests: 100,
  errors: 0,
  latencyMs: { p50: 10, p90: 0, p99: 0, max: 0, mean: 200, ...latency },
  tallies,
});

it('counts the share of time-outs over all attempts, repeats included', () => {
  expect(timeoutShare({ tallies: { attempts: 120, timeouts: 24 } })).toBe(0.2);
  expect(timeoutShare({})).toBe(0);
});

it.each([
  ['as in the source', { attempts: 100, timeouts: 17 }, {}, true],
  ['a stall that nobody notices', { attempts: 100, timeouts: 2 }, {}, false],
  ['a queue that never ends', { attempts: 100, timeouts: 60 }, {}, false],
  ['a mean near the median', { attempts: 100, timeouts: 17 }, { mean: 12 }, false],
])('looks at the shape of before: %s', (_, tallies, latency, ok) => {
  expect(checkShape(phase(tallies, latency)).ok).toBe(ok);
});

it('wants no time-out and at least 95 % of 304s from repeat polls', () => {
  const good = { attempts: 100, 'challenges conditional': 100, 'challenges not modified': 95 };

  expect(checkPolls(phase(good)).map(({ ok }) => ok)).toEqual([true, true]);
  expect(checkPolls(phase({ ...good, timeouts: 1, 'challenges not modified': 94 })).map(({ ok }) => ok)).toEqual([
    false,
    false,
  ]);
});
