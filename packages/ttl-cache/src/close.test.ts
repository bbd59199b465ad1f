import { fakeClock, gate } from '@corral-internal/test-kit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createTtlCache } from './index.ts';
import { make as makeTierKit } from './tier.kit.ts';

describe('close', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('drops everything, for good', () => {
    const cache = createTtlCache<number>({ ttlMs: 10, now: fakeClock().now });
    cache.set('a', 1);
    cache.close();
    expect(cache.size).toBe(0);
    cache.set('b', 1);
    expect(cache.size).toBe(0);
    expect(cache.get('b')).toBeUndefined();
  });

  it('lets loads work on, shared', async () => {
    const cache = createTtlCache<number>({ ttlMs: 10, now: fakeClock().now });
    cache.close();
    let loads = 0;
    const load = async () => ++loads;
    expect(await Promise.all([cache.getOrLoad('a', load), cache.getOrLoad('a', load)])).toEqual([1, 1]);
    expect(await cache.getOrLoad('a', load)).toBe(2);
    expect(await cache.refresh('a', load)).toBe(3);
    expect(cache.size).toBe(0);
  });

  it('leaves the tier alone', async () => {
    const { process, calls } = makeTierKit();
    const cache = process();
    cache.close();
    expect(await cache.getOrLoad('a', () => 'x')).toBe('x');
    expect(calls).toEqual([]);
  });

  it('lets those who wait have their value, and stores it nowhere', async () => {
    const cache = createTtlCache<number>({ ttlMs: 10, now: fakeClock().now });
    const loading = gate<number>();
    const waiting = cache.getOrLoad('a', () => loading.promise);
    cache.close();
    loading.open(1);
    expect(await waiting).toBe(1);
    expect(cache.size).toBe(0);
  });

  it('may be called twice, and by `using`', () => {
    vi.useFakeTimers();
    const cache = createTtlCache<number>({ ttlMs: 10 });
    cache.set('a', 1);
    expect(vi.getTimerCount()).toBe(1);
    cache.close();
    cache.close();
    cache[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
    cache.set('a', 1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may be called by a listener in the middle of a sweep', async () => {
    vi.useFakeTimers();
    const cache = createTtlCache<number, number>({ ttlMs: 10, onEvict: () => cache.close() });
    for (let key = 0; key < 1_000; key++) cache.set(key, key);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(cache.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
