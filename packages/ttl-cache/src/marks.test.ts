import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTtlCache, type TtlCacheOptions } from './index.ts';

/** Under load a hit is answered by a mark that an earlier hit has left. Fake timers move `performance.now()` along with them. */
describe('under load', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function busy<Value>(options: TtlCacheOptions<Value>, filler: Value) {
    const cache = createTtlCache<Value>({ maxEntries: Infinity, ...options });
    const work = () => {
      for (let key = 0; key < 100; key++) {
        cache.set(`filler ${key}`, filler, { ttlMs: Infinity });
        cache.get(`filler ${key}`);
      }
    };
    work();
    return { cache, work };
  }

  it('every hit counts', () => {
    const { cache } = busy({ ttlMs: 10_000 }, 0);
    cache.set('a', 1);
    const { hits } = cache.stats();
    for (let hit = 0; hit < 1_000; hit++) expect(cache.get('a')).toBe(1);
    expect(cache.stats().hits).toBe(hits + 1_000);
    cache.close();
  });

  it('a mark from the last time that its number was in use says nothing', () => {
    // A life that is not known beforehand: epochs of half a second.
    const { cache, work } = busy({ ttlMs: () => 60_000 }, 0);
    for (let key = 0; key < 300; key++) cache.set(String(key), key);
    for (let key = 0; key < 300; key++) expect(cache.get(String(key))).toBe(key);
    // Each round is an epoch; there are 253 numbers.
    for (let round = 0; round < 300; round++) {
      vi.advanceTimersByTime(600);
      work();
      if (performance.now() < 60_000) continue;
      expect(cache.get(String(round))).toBeUndefined();
    }
    cache.close();
  });

  it('a remembered absence stays one', async () => {
    const { cache } = busy({ ttlMs: 10_000, negativeTtlMs: 10_000 }, 0);
    await cache.getOrLoad('none', () => undefined);
    for (let hit = 0; hit < 10; hit++) expect(cache.get('none')).toBeUndefined();
    expect(cache.stats().negativeHits).toBe(10);
    cache.close();
  });

  it('every reader gets a copy of its own', () => {
    const { cache } = busy({ ttlMs: 10_000, clone: 'structured' }, { n: 0 });
    cache.set('a', { n: 1 });
    for (let hit = 0; hit < 10; hit++) cache.get('a')!.n = 2;
    expect(cache.get('a')).toEqual({ n: 1 });
    cache.close();
  });

  it('a hit ahead of expiry starts its reload on time', async () => {
    const { cache, work } = busy({ ttlMs: 10_000, refreshAheadMs: 2_200 }, 0);
    cache.set('a', 1);
    const load = vi.fn<() => number>(() => 2);
    for (let step = 0; step < 77; step++) {
      vi.advanceTimersByTime(100);
      work();
      await cache.getOrLoad('a', load);
    }
    expect(load).not.toHaveBeenCalled();
    vi.advanceTimersByTime(100);
    work();
    await cache.getOrLoad('a', load);
    expect(load).toHaveBeenCalledOnce();
    cache.close();
  });

  it('hits of one epoch spare an entry again and again', () => {
    const cache = createTtlCache<number, number>({ ttlMs: 100_000, maxEntries: 100 });
    cache.set(-1, 1);
    for (let key = 0; key < 5_000; key++) {
      expect(cache.get(-1)).toBe(1);
      cache.set(key, key);
    }
    cache.close();
  });

  it.each(['get', 'set'] as const)(
    'what is used before each write stays, however often the hand comes by: %s',
    (use) => {
      const cache = createTtlCache<number, number>({ ttlMs: 100_000, maxEntries: 4 });
      for (let key = 0; key < 100; key++) cache.set(key, key);
      for (const popular of [-1, -2, -3]) {
        cache.set(popular, popular);
        cache[use](popular, popular);
      }
      for (let key = 0; key < 1_000; key++) {
        for (const popular of [-1, -2, -3]) {
          expect(cache.has(popular)).toBe(true);
          cache[use](popular, popular);
        }
        cache.set(key, key);
      }
      cache.close();
    },
  );

  it('`clear` leaves no mark for what comes after it', () => {
    const { cache, work } = busy({ ttlMs: 10_000, maxEntries: 20_000 }, 0);
    for (let key = 0; key < 2_000; key++) cache.set(String(key), key);
    for (let key = 0; key < 2_000; key++) cache.get(String(key));
    cache.clear();
    for (let key = 0; key < 2_000; key++) cache.set(String(key), key, { ttlMs: 20 });
    vi.advanceTimersByTime(20);
    work();
    for (let key = 0; key < 2_000; key++) expect(cache.get(String(key))).toBeUndefined();
    cache.close();
  });

  it('a cache whose entries have all been hit makes room for a new one', () => {
    const cache = createTtlCache<number, number>({ ttlMs: 100_000, maxEntries: 100 });
    for (let key = 0; key < 100; key++) cache.set(key, key);
    for (let key = 0; key < 100; key++) expect(cache.get(key)).toBe(key);
    cache.set(100, 100);
    expect(cache.get(100)).toBe(100);
    expect(cache.stats()).toMatchObject({ size: 100, evicted: 1 });
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

  it('nothing is held after `close`', () => {
    const cache = createTtlCache<number, number>({ ttlMs: 10_000 });
    cache.close();
    for (let key = 0; key < 1_000; key++) cache.set(key, key);
    for (let look = 0; look < 1_000; look++) expect(cache.get(look)).toBeUndefined();
    for (let key = 0; key < 1_000; key++) cache.lookup(key);
    for (let key = 0; key < 1_000; key++) cache.set(key, key);
    expect(cache.size).toBe(0);
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
