import { fakeClock, gate } from '@corral-internal/test-kit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTtlCache, type TtlCacheOptions } from './index.ts';

const tick = () => new Promise((resolve) => setImmediate(resolve));

function make(options: Partial<TtlCacheOptions<string>>) {
  const clock = fakeClock();
  const cache = createTtlCache<string>({ ttlMs: 10, now: clock.now, ...options });
  cache.set('a', 'old');
  return { clock, cache };
}

const failing = () => Promise.reject(new Error('down'));

describe('back-off', () => {
  it('doubles from retryMs up to the TTL, and starts anew after a success', async () => {
    const { cache, clock } = make({ ttlMs: 10, staleIfErrorMs: 100_000, retryMs: 3 });
    clock.advance(10);
    let loads = 0;
    const load = () => {
      loads++;
      return failing();
    };
    for (const pause of [3, 6, 10, 10]) {
      loads = 0;
      expect(await cache.getOrLoad('a', load)).toBe('old');
      clock.advance(pause - 1);
      expect(await cache.getOrLoad('a', load)).toBe('old');
      expect(loads).toBe(1);
      clock.advance(1);
    }
    expect(await cache.getOrLoad('a', () => 'new')).toBe('new');
    clock.advance(10);
    loads = 0;
    await cache.getOrLoad('a', load);
    clock.advance(3);
    await cache.getOrLoad('a', load);
    expect(loads).toBe(2);
  });

  it('pauses for retryMs even where the TTL is shorter', async () => {
    const { cache, clock } = make({ ttlMs: 10, staleIfErrorMs: 100_000 });
    clock.advance(10);
    await cache.getOrLoad('a', failing);
    clock.advance(999);
    expect(await cache.getOrLoad('a', () => expect.unreachable())).toBe('old');
    clock.advance(1);
    expect(await cache.getOrLoad('a', () => 'new')).toBe('new');
  });

  it('ends with an invalidation', async () => {
    const { cache, clock } = make({ staleIfErrorMs: 100 });
    clock.advance(10);
    await cache.getOrLoad('a', failing);
    cache.delete('a');
    expect(await cache.getOrLoad('a', () => 'new')).toBe('new');
  });

  it('does not hold back a refresh', async () => {
    const { cache, clock } = make({ staleIfErrorMs: 100 });
    clock.advance(10);
    await cache.getOrLoad('a', failing);
    expect(await cache.refresh('a', () => 'new')).toBe('new');
    expect(cache.get('a')).toBe('new');
  });
});

describe('refresh ahead', () => {
  it('starts one reload in the background for a hit close to expiry', async () => {
    const { cache, clock } = make({ refreshAheadMs: 4 });
    const loading = gate<string>();
    let loads = 0;
    const load = () => {
      loads++;
      return loading.promise;
    };
    clock.advance(5);
    expect(await cache.getOrLoad('a', load)).toBe('old');
    expect(loads).toBe(0);
    clock.advance(1);
    expect(await cache.getOrLoad('a', load)).toBe('old');
    expect(await cache.getOrLoad('a', load)).toBe('old');
    expect(loads).toBe(1);
    loading.open('new');
    await tick();
    clock.advance(5);
    expect(cache.get('a')).toBe('new');
    expect(cache.stats()).toMatchObject({ hits: 4, misses: 0, loads: 1 });
  });

  it('keeps the value, and pauses, when that reload fails', async () => {
    const { cache, clock } = make({ refreshAheadMs: 9, retryMs: 3 });
    clock.advance(2);
    let loads = 0;
    const load = () => {
      loads++;
      return failing();
    };
    expect(await cache.getOrLoad('a', load)).toBe('old');
    await tick();
    expect(await cache.getOrLoad('a', load)).toBe('old');
    await tick();
    expect(loads).toBe(1);
    clock.advance(3);
    await cache.getOrLoad('a', load);
    await tick();
    expect(loads).toBe(2);
    expect(cache.get('a')).toBe('old');
  });
});

describe('soft time-out', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('answers with the old value when the reload takes longer, and lets it finish', async () => {
    const { cache, clock } = make({ staleIfErrorMs: 1_000, softTimeoutMs: 50 });
    clock.advance(10);
    const loading = gate<string>();
    const waiting = cache.getOrLoad('a', () => loading.promise);
    let answered = false;
    void waiting.then(() => (answered = true));
    await vi.advanceTimersByTimeAsync(49);
    expect(answered).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await waiting).toBe('old');
    loading.open('new');
    await tick();
    expect(cache.get('a')).toBe('new');
    expect(cache.stats()).toMatchObject({ staleHits: 1, misses: 0 });
  });

  it('makes nobody wait longer who has nothing old at hand', async () => {
    const { cache } = make({ staleIfErrorMs: 1_000, softTimeoutMs: 50 });
    const loading = gate<string>();
    const waiting = cache.getOrLoad('b', () => loading.promise);
    await vi.advanceTimersByTimeAsync(1_000);
    loading.open('new');
    expect(await waiting).toBe('new');
  });

  it('does not store what comes after a delete', async () => {
    const { cache, clock } = make({ staleIfErrorMs: 1_000, softTimeoutMs: 50 });
    clock.advance(10);
    const loading = gate<string>();
    const waiting = cache.getOrLoad('a', () => loading.promise);
    await vi.advanceTimersByTimeAsync(50);
    expect(await waiting).toBe('old');
    cache.delete('a');
    loading.open('older than the delete');
    await tick();
    expect(cache.get('a')).toBeUndefined();
  });

  it('goes on waiting when the old value is gone by then', async () => {
    const { cache, clock } = make({ staleIfErrorMs: 1_000, softTimeoutMs: 50 });
    clock.advance(10);
    const loading = gate<string>();
    const waiting = cache.getOrLoad('a', () => loading.promise);
    cache.delete('a');
    await vi.advanceTimersByTimeAsync(50);
    loading.open('loaded');
    expect(await waiting).toBe('loaded');
  });

  it('leaves no timer behind', async () => {
    const { cache, clock } = make({ staleIfErrorMs: 1_000, softTimeoutMs: 50, reapIntervalMs: 0 });
    clock.advance(10);
    await cache.getOrLoad('a', async () => 'new');
    clock.advance(10);
    await cache.getOrLoad('a', failing);
    expect(vi.getTimerCount()).toBe(0);
  });
});
