import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { busy } from './busy.kit.ts';
import { createTtlCache } from './index.ts';

/** Under load a hit is answered by a mark that an earlier hit has left. Fake timers move `performance.now()` along with them. */
describe('under load', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

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

  it('a key inherits nothing from the one whose place it takes', () => {
    const { cache, work } = busy({ ttlMs: 10_000 }, 0);
    cache.set('a', 1);
    cache.get('a');
    cache.delete('a');
    cache.set('b', 2, { ttlMs: 50 });
    expect(cache.get('b')).toBe(2);
    vi.advanceTimersByTime(50);
    work();
    expect(cache.get('b')).toBeUndefined();
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
});
