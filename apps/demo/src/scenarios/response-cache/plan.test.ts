import { expect, it } from 'vitest';
import { defaultOptions, type RunOptions } from '../scenario.ts';
import { boundsOf, leaderboardBound, loadOf, planResponseCache, rateFor, wantedBusy } from './plan.ts';

const options: RunOptions = defaultOptions;

it('bounds the builds by replicas x ceil(duration / TTL), the first polls included', () => {
  const load = { ...loadOf(options), durationMs: 9_000, ttlMs: 3_000 };

  expect(boundsOf(load, 3).find(({ name }) => name === 'BuildActiveChallenges')!.bound).toBe(12);
});

it('allows no time-out, and one rebuild in each replica to wait for the lock', () => {
  const bounds = Object.fromEntries(boundsOf(loadOf(options), 3).map(({ name, bound }) => [name, bound]));

  expect(bounds).toMatchObject({ 'attempts that timed out': 0, 'waiting for the lock, most': 4 });
});

it('chooses the rate from the measured build, between half busy and nine tenths', () => {
  const builds = rateFor(10) * (4 / 5);

  expect((builds * 10) / 1_000).toBeCloseTo(wantedBusy);
  expect(wantedBusy).toBeGreaterThanOrEqual(0.5);
  expect(wantedBusy).toBeLessThanOrEqual(0.9);
});

it('says that the leaderboard is still built for each request', () => {
  expect(leaderboardBound(100, loadOf(options)).bound).toBe(200);
  expect(planResponseCache(options).bounds.at(-1)).toContain('limit');
});

it('lets clients give up within the stall, in every size', () => {
  for (const size of ['fast', 'default', 'full'] as const) {
    const { timeoutMs, stallMs, stallAtMs, durationMs } = loadOf({ size });
    expect(timeoutMs).toBeLessThan(stallMs);
    expect(stallAtMs + stallMs).toBeLessThan(durationMs);
  }
});

it('names every scaled quantity', () => {
  expect(planResponseCache(options).scale).toContain('time 10:1, TTL 30 s -> 3 s, max-age 15 s -> 2 s (whole seconds)');
});
