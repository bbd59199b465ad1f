import { fakeClock } from '@corral-internal/test-kit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTtlCache, type CacheEvent } from './index.ts';

describe('reaper', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('removes what has expired and nobody asks for, every 5 minutes by default', async () => {
    const cache = createTtlCache<number>({ ttlMs: 1_000 });
    cache.set('short', 1);
    cache.set('long', 1, { ttlMs: 1e9 });
    await vi.advanceTimersByTimeAsync(299_999);
    expect(cache.size).toBe(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(Array.from(cache.keys())).toEqual(['long']);
    expect(cache.stats().expired).toBe(1);
    cache.close();
  });

  it('judges by the clock it was given', async () => {
    const clock = fakeClock();
    const cache = createTtlCache<number>({ ttlMs: 1_000, reapIntervalMs: 50, now: clock.now });
    cache.set('a', 1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(cache.size).toBe(1);
    clock.advance(1_000);
    await vi.advanceTimersByTimeAsync(50);
    expect(cache.size).toBe(0);
  });

  it('works where only the timers are faked', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const clock = fakeClock();
    const cache = createTtlCache<number>({ ttlMs: 10, reapIntervalMs: 60_000, now: clock.now });
    cache.set('a', 1);
    clock.advance(10);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(cache.size).toBe(0);
  });

  it('keeps what is within its stale windows', async () => {
    const clock = fakeClock();
    const cache = createTtlCache<number>({ ttlMs: 10, staleIfErrorMs: 100, reapIntervalMs: 50, now: clock.now });
    cache.set('a', 1);
    clock.advance(109);
    await vi.advanceTimersByTimeAsync(50);
    expect(cache.size).toBe(1);
    clock.advance(1);
    await vi.advanceTimersByTimeAsync(50);
    expect(cache.size).toBe(0);
  });

  it('has one timer for a cache, and none while there is nothing to expire', async () => {
    const clock = fakeClock();
    const cache = createTtlCache<number, number>({ ttlMs: 10, reapIntervalMs: 50, now: clock.now });
    expect(vi.getTimerCount()).toBe(0);
    cache.set(0, 0, { ttlMs: Infinity });
    expect(vi.getTimerCount()).toBe(0);
    for (let key = 1; key < 1_000; key++) cache.set(key, key);
    expect(vi.getTimerCount()).toBe(1);
    cache.delete(0);
    clock.advance(10);
    await vi.advanceTimersByTimeAsync(100);
    expect(cache.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    cache.set(1, 1);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('has one timer also under load, with the clock of the runtime', () => {
    const cache = createTtlCache<number, number>({ ttlMs: 10_000 });
    for (let key = 0; key < 1_000; key++) cache.set(key, key);
    expect(vi.getTimerCount()).toBe(1);
    cache.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([0, Infinity])('is off with reapIntervalMs: %d', async (reapIntervalMs) => {
    const clock = fakeClock();
    const cache = createTtlCache<number>({ ttlMs: 10, reapIntervalMs, now: clock.now });
    cache.set('a', 1);
    expect(vi.getTimerCount()).toBe(0);
    clock.advance(10);
    expect(cache.size).toBe(1);
    expect(cache.get('a')).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('waits longer than a timer can', async () => {
    const clock = fakeClock();
    const cache = createTtlCache<number>({ ttlMs: 10, reapIntervalMs: 2 ** 31 + 500, now: clock.now });
    cache.set('a', 1);
    clock.advance(10);
    await vi.advanceTimersByTimeAsync(2 ** 31 + 499);
    expect(cache.size).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(cache.size).toBe(0);
  });

  it('gives way in slices when there is much to remove, and tells how much that was', async () => {
    vi.useRealTimers();
    const clock = fakeClock();
    const events: CacheEvent[] = [];
    let told: () => void = () => {};
    const reaped = new Promise<void>((resolve) => (told = resolve));
    const cache = createTtlCache<number, number>({
      ttlMs: 10,
      maxEntries: Infinity,
      reapIntervalMs: 1,
      now: clock.now,
      onEvent(event) {
        events.push(event);
        if (event.type === 'reaped') told();
      },
    });
    for (let key = 0; key < 200_000; key++) cache.set(key, key);
    clock.advance(10);
    await reaped;
    expect(cache.size).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: 'reaped', expired: 200_000 });
    expect((events.at(-1) as { slices: number }).slices).toBeGreaterThan(1);
    cache.close();
  });
});
