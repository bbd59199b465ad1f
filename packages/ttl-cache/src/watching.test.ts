import { fakeClock, gate } from '@corral-internal/test-kit';
import { channel } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import { createTtlCache, type CacheEvent, type EvictReason } from './index.ts';

describe('onEvict', () => {
  const make = (options: { staleIfErrorMs?: number } = {}) => {
    const clock = fakeClock();
    const evicted: [string, number, EvictReason][] = [];
    const onEvict = (key: string, value: number, reason: EvictReason) => evicted.push([key, value, reason]);
    const cache = createTtlCache<number>({
      ttlMs: 10,
      negativeTtlMs: 10,
      maxEntries: 2,
      now: clock.now,
      onEvict,
      ...options,
    });
    return { clock, cache, evicted };
  };

  it('tells of a value that gives way to another, not of one that is set again', () => {
    const { cache, evicted } = make();
    cache.set('a', 1);
    cache.set('a', 1);
    cache.set('a', 2);
    expect(evicted).toEqual([['a', 1, 'replaced']]);
  });

  it('tells of a value replaced by a load', async () => {
    const { cache, evicted } = make();
    cache.set('a', 1);
    await cache.refresh('a', () => 2);
    expect(evicted).toEqual([['a', 1, 'replaced']]);
  });

  it('tells of evictions', () => {
    const { cache, evicted } = make();
    for (const key of ['a', 'b', 'c']) cache.set(key, 1);
    expect(evicted).toEqual([['a', 1, 'evicted']]);
  });

  it('tells of expiry when it is noticed, once', () => {
    const { cache, clock, evicted } = make();
    cache.set('a', 1);
    clock.advance(10);
    cache.get('a');
    cache.get('a');
    expect(evicted).toEqual([['a', 1, 'expired']]);
  });

  it('tells of delete, clear and close', () => {
    const { cache, evicted } = make();
    cache.set('a', 1);
    cache.set('b', 2);
    cache.delete('a');
    cache.clear();
    cache.set('c', 3);
    cache.close();
    expect(evicted).toEqual([
      ['a', 1, 'deleted'],
      ['b', 2, 'cleared'],
      ['c', 3, 'cleared'],
    ]);
  });

  it('tells of the value when the loader finds nothing, and not of absences', async () => {
    const { cache, evicted } = make();
    cache.set('a', 1);
    await cache.refresh('a', () => undefined);
    expect(evicted.map(([key, value]) => [key, value])).toEqual([['a', 1]]);
    cache.delete('a');
    expect(evicted).toHaveLength(1);
  });

  it('is called when the change is complete, and may use the cache', () => {
    const sizes: number[] = [];
    const cache = createTtlCache<number>({
      ttlMs: 10,
      maxEntries: 2,
      now: fakeClock().now,
      onEvict(key, value, reason) {
        sizes.push(cache.size);
        if (reason === 'evicted' && value < 3) cache.set(key, value + 1);
      },
    });
    for (const key of ['a', 'b', 'c', 'd']) cache.set(key, 1);
    expect(cache.size).toBe(2);
    expect(Math.max(...sizes)).toBe(2);
    expect(cache.stats().evicted).toBe(sizes.length);
  });

  it('breaks nothing when it throws', () => {
    const cache = createTtlCache<number>({
      ttlMs: 10,
      maxEntries: 1,
      onEvict() {
        throw new Error('listener');
      },
    });
    cache.set('a', 1);
    cache.set('b', 2);
    expect(cache.get('b')).toBe(2);
    cache.clear();
    expect(cache.size).toBe(0);
  });
});

describe('onEvent', () => {
  const make = (onEvent: (event: CacheEvent) => void) =>
    createTtlCache<number>({ ttlMs: 10, now: fakeClock().now, onEvent });

  it('tells of loads, failures, discarded results and invalidations', async () => {
    const events: CacheEvent[] = [];
    const cache = make((event) => events.push(event));
    const error = new Error('down');
    await cache.getOrLoad('a', () => 1);
    await cache.getOrLoad('b', () => Promise.reject(error)).catch(() => {});
    cache.delete('a');
    const loading = gate<number>();
    const loaded = cache.getOrLoad('a', () => loading.promise);
    cache.clear();
    loading.open(1);
    await loaded;
    expect(events).toEqual([
      { type: 'loaded', key: 'a', from: 'loader', durationMs: 0 },
      { type: 'loadFailed', key: 'b', error, covered: false, durationMs: 0 },
      { type: 'deleted', key: 'a' },
      { type: 'cleared', entries: 0 },
      { type: 'loaded', key: 'a', from: 'loader', durationMs: 0 },
      { type: 'discarded', key: 'a', reason: 'outdated' },
    ]);
  });

  it('breaks nothing when it throws', async () => {
    const cache = make(() => {
      throw new Error('listener');
    });
    expect(await cache.getOrLoad('a', () => 1)).toBe(1);
    expect(cache.delete('a')).toBe(true);
    cache.clear();
  });

  it('publishes to the diagnostics channel as well', () => {
    const events: unknown[] = [];
    const listen = (event: unknown) => events.push(event);
    channel('corral:ttl-cache').subscribe(listen);
    const cache = createTtlCache<number>({ ttlMs: 10 });
    cache.delete('a');
    channel('corral:ttl-cache').unsubscribe(listen);
    cache.delete('b');
    expect(events).toEqual([{ type: 'deleted', key: 'a' }]);
  });
});

describe('stats', () => {
  it('is a frozen snapshot', () => {
    const cache = createTtlCache<number>({ ttlMs: 10 });
    const before = cache.stats();
    cache.get('a');
    expect(before.misses).toBe(0);
    expect(Object.isFrozen(before)).toBe(true);
    expect(cache.stats().misses).toBe(1);
  });

  it('has every counter of the contract', () => {
    const stats = createTtlCache<number>({ ttlMs: 10 }).stats();
    const names =
      'hits staleHits negativeHits misses loads loadErrors joined evicted expired invalidated discarded size bytes inFlight';
    for (const name of names.split(' ')) expect(stats).toHaveProperty(name, 0);
  });
});
