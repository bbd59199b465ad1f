import { expect, it } from 'vitest';
import { defaultOptions } from '../scenario.ts';
import { boundsOf, loadOf, plannedMs, planConfigCache } from './plan.ts';

it('bounds each query by keys x replicas x ceil(duration / TTL)', () => {
  const load = { ...loadOf({ size: 'fast', users: 1 }), turnMs: 1_000, turns: 10, ttlMs: 500, promptTtlMs: 250 };
  expect(plannedMs(load)).toBe(14_000);

  expect(boundsOf(load, 3).map(({ calls }) => calls)).toEqual([84, 84, 168]);
});

it('never bounds a query above what it was before', () => {
  const load = loadOf({ size: 'default', users: 500 });

  expect(boundsOf(load, 3)[2]!.calls).toBe(load.chats * load.turns);
});

it('names every scaled quantity', () => {
  const { scale } = planConfigCache(defaultOptions);

  expect(scale).toContain('load 1:10, time 10:1, TTL 10 s -> 1 s and 5 s -> 0.5 s');
});
