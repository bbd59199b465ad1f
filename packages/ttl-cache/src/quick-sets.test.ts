import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { busy } from './busy.kit.ts';
import { createTtlCache } from './index.ts';

/** Under load `set` may go a quick way. Fake timers move `performance.now()` along with them. */
describe('`set` under load', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('a new key is as old as it is, beside keys with other TTLs', () => {
    const { cache, work } = busy({ ttlMs: 10_000 }, 0);
    vi.advanceTimersByTime(1_000);
    work();
    cache.set('a', 1);
    vi.advanceTimersByTime(500);
    expect(cache.lookup('a').ageMs).toBe(500);
    cache.close();
  });

  it('`set` refuses `undefined`, and the old value stays', () => {
    const { cache } = busy<number>({ ttlMs: 10_000 }, 0);
    cache.set('a', 1);
    expect(() => cache.set('a', undefined as never)).toThrow(/^value: undefined/);
    expect(cache.get('a')).toBe(1);
    cache.close();
  });

  it('`set` dates a value from now, and a later look finds it as old as it is', () => {
    const { cache, work } = busy({ ttlMs: 10_000 }, 0);
    cache.set('a', 1);
    vi.advanceTimersByTime(9_000);
    work();
    cache.set('a', 2);
    vi.advanceTimersByTime(9_999);
    expect(cache.get('a')).toBe(2);
    expect(cache.lookup('a').ageMs).toBe(9_999);
    vi.advanceTimersByTime(1);
    expect(cache.get('a')).toBeUndefined();
    cache.close();
  });

  it.each([20, 900, 1_400])('a value that is replaced expires on time too, with a TTL of %d ms', (ttlMs) => {
    const { cache, work } = busy({ ttlMs }, 0);
    cache.set('a', 1);
    cache.set('a', 2);
    expect(cache.get('a')).toBe(2);
    vi.advanceTimersByTime(ttlMs - 1);
    work();
    expect(cache.get('a')).toBe(2);
    cache.set('a', 3);
    vi.advanceTimersByTime(ttlMs);
    work();
    for (let look = 0; look < 200; look++) expect(cache.get('a')).toBeUndefined();
    cache.close();
  });

  it('a value that replaces one without an end is swept in its time', () => {
    const cache = createTtlCache<number, number>({ ttlMs: 10_000, reapIntervalMs: 20_000 });
    for (let key = 0; key < 100; key++) cache.set(key, key, { ttlMs: Infinity });
    for (let key = 0; key < 20; key++) cache.set(key, key);
    vi.advanceTimersByTime(100_000);
    expect(cache.size).toBe(80);
    cache.close();
  });

  it('a new value is swept in its time, also where the last sweep found nothing', () => {
    const cache = createTtlCache<number, number>({ ttlMs: 10_000, reapIntervalMs: 20_000 });
    cache.set(0, 0);
    vi.advanceTimersByTime(19_980);
    for (let key = 0; key < 100; key++) cache.set(key, key);
    // Busy all along, and empty whenever a sweep may come.
    for (let step = 0; step < 10; step++) {
      cache.set(0, 0);
      cache.get(0);
      cache.clear();
      vi.advanceTimersByTime(4);
    }
    cache.set(-1, 1);
    expect(cache.size).toBe(1);
    vi.advanceTimersByTime(100_000);
    expect(cache.size).toBe(0);
    cache.close();
  });

  it('the first values of a cache that was only looked at are swept in their time', () => {
    const cache = createTtlCache<number, number>({ ttlMs: 10_000, reapIntervalMs: 20_000 });
    for (let key = 0; key < 100; key++) cache.lookup(key);
    cache.set(1, 1);
    vi.advanceTimersByTime(40_000);
    expect(cache.size).toBe(0);
    cache.close();
  });

  it('`set` wins over a load that runs', async () => {
    const { cache, work } = busy({ ttlMs: 10_000 }, 0);
    cache.set('a', 1);
    let finish: (value: number) => void = () => {};
    const loading = cache.refresh('a', () => new Promise<number>((resolve) => (finish = resolve)));
    work();
    cache.set('a', 3);
    finish(2);
    await loading;
    expect(cache.get('a')).toBe(3);
    cache.close();
  });

  it('`set` ends the pause after a failed reload', async () => {
    const { cache, work } = busy({ ttlMs: 10_000, staleWhileRevalidateMs: 50_000, retryMs: 60_000 }, 0);
    const load = vi.fn<() => number>(() => {
      throw new Error('away');
    });
    cache.set('a', 1);
    await vi.advanceTimersByTimeAsync(10_000);
    await cache.getOrLoad('a', load);
    await vi.advanceTimersByTimeAsync(0);
    expect(load).toHaveBeenCalledOnce();
    work();
    cache.set('a', 2);
    await vi.advanceTimersByTimeAsync(10_000);
    await cache.getOrLoad('a', load);
    expect(load).toHaveBeenCalledTimes(2);
    cache.close();
  });

  it('a full cache takes new entries while a sweep still frees the places of the dead', () => {
    const maxEntries = 20_000;
    let nowMs = 0;
    let readingMs = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += readingMs));
    const cache = createTtlCache<number, number>({ ttlMs: 2_000, maxEntries, reapIntervalMs: 3_000 });
    for (let key = 0; key < maxEntries; key++) cache.set(key, key);
    vi.advanceTimersByTime(20);
    nowMs = 3_000;
    // A slice of the sweep ends after so many readings.
    readingMs = 0.5;
    while (cache.size > 0) vi.advanceTimersToNextTimer();
    readingMs = 0;
    for (let key = 0; key < maxEntries; key++) cache.set(-1 - key, key);
    for (let key = 0; key < maxEntries; key++) expect(cache.get(-1 - key)).toBe(key);
    clock.mockRestore();
    cache.close();
  });

  it('`set` brings back what a sweep that runs has found dead', () => {
    let nowMs = 0;
    let readingMs = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += readingMs));
    const cache = createTtlCache<number, number>({ ttlMs: 2_000, maxEntries: Infinity, reapIntervalMs: 3_000 });
    for (let key = 0; key < 20_000; key++) cache.set(key, key);
    vi.advanceTimersByTime(20);
    nowMs = 3_000;
    // A slice of the sweep ends after so many readings.
    readingMs = 0.5;
    for (let slice = 0; slice < 3; slice++) vi.advanceTimersToNextTimer();
    expect(cache.size).toBe(20_000);
    readingMs = 0;
    for (let key = 0; key < 100; key++) cache.set(-1 - key, 0);
    cache.set(7, 70);
    readingMs = 0.5;
    vi.advanceTimersByTime(500);
    readingMs = 0;
    expect(cache.size).toBe(101);
    expect(cache.get(7)).toBe(70);
    clock.mockRestore();
    cache.close();
  });
});
