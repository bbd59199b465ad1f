import { fakeClock } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import { createTtlCache } from './index.ts';

describe('expiry', () => {
  it('forgets an entry once its TTL has elapsed', () => {
    const clock = fakeClock();
    const cache = createTtlCache<number>({ ttlMs: 50, now: clock.now });
    cache.set('a', 1);

    clock.advance(49.999);
    expect(cache.get('a')).toBe(1);
    clock.advance(0.001);
    expect(cache.get('a')).toBeUndefined();
    expect(cache.has('a')).toBe(false);
    expect(cache.size).toBe(0);
  });

  it.each([-1e9, -5, 0, 1e15])('is exact with a clock that starts at %d', (startMs) => {
    const clock = fakeClock(startMs);
    const cache = createTtlCache<number>({ ttlMs: 10, now: clock.now });
    cache.set('a', 1);
    clock.advance(9);
    expect(cache.get('a')).toBe(1);
    clock.advance(1);
    expect(cache.get('a')).toBeUndefined();
  });

  it('renews the life of an entry that is set again, and of no entry that is read', () => {
    const clock = fakeClock();
    const cache = createTtlCache<number>({ ttlMs: 10, now: clock.now });
    cache.set('a', 1);
    cache.set('b', 1);
    clock.advance(6);
    cache.set('a', 2);
    expect(cache.get('b')).toBe(1);
    clock.advance(6);
    expect(cache.get('a')).toBe(2);
    expect(cache.get('b')).toBeUndefined();
  });

  it('takes the TTL from the value and the key, or from the call', async () => {
    const clock = fakeClock();
    const cache = createTtlCache<number>({ ttlMs: (value, key) => (key === 'long' ? 100 : value), now: clock.now });
    cache.set('long', 1);
    cache.set('short', 10);
    cache.set('own', 10, { ttlMs: 30 });
    await cache.getOrLoad('loaded', () => 10, { ttlMs: 40 });
    clock.advance(10);
    expect(cache.has('short')).toBe(false);
    clock.advance(19);
    expect(cache.has('own')).toBe(true);
    clock.advance(1);
    expect(cache.has('own')).toBe(false);
    clock.advance(9);
    expect(cache.has('loaded')).toBe(true);
    clock.advance(1);
    expect(cache.has('loaded')).toBe(false);
    expect(cache.has('long')).toBe(true);
  });

  it.each([2 ** 31, 2 ** 31 - 1, 2 ** 40])('keeps an entry for %d ms, longer than a timer can', (ttlMs) => {
    const clock = fakeClock();
    const cache = createTtlCache<number>({ ttlMs, now: clock.now });
    cache.set('a', 1);
    clock.advance(ttlMs - 1);
    expect(cache.get('a')).toBe(1);
    clock.advance(1);
    expect(cache.get('a')).toBeUndefined();
    cache.close();
  });

  it('keeps an entry for ever with Infinity', () => {
    const clock = fakeClock();
    const cache = createTtlCache<number>({ ttlMs: Infinity, jitter: 0.5, now: clock.now });
    cache.set('a', 1);
    clock.advance(1e15);
    expect(cache.get('a')).toBe(1);
    expect(cache.lookup('a')).toEqual({ state: 'hit', value: 1, ageMs: 1e15 });
  });

  it('shares a load and stores nothing with a TTL of 0', async () => {
    const cache = createTtlCache<number>({ ttlMs: 0 });
    let loads = 0;
    const load = () => ++loads;
    expect(await Promise.all([cache.getOrLoad('a', load), cache.getOrLoad('a', load)])).toEqual([1, 1]);
    expect(cache.size).toBe(0);
    expect(await cache.getOrLoad('a', load)).toBe(2);
    cache.set('a', 7);
    expect(cache.get('a')).toBeUndefined();
  });

  it('drops the old value when one without a life is set', () => {
    const cache = createTtlCache<number>({ ttlMs: 10, now: fakeClock().now });
    cache.set('a', 1);
    cache.set('a', 2, { ttlMs: 0 });
    expect(cache.lookup('a').state).toBe('miss');
  });

  it('shortens lives by up to the jitter, and never lengthens one', () => {
    const clock = fakeClock();
    const cache = createTtlCache<number, number>({ ttlMs: 1_000, jitter: 0.4, now: clock.now });
    for (let key = 0; key < 1_000; key++) cache.set(key, key);
    const alive = () => Array.from({ length: 1_000 }, (_, key) => key).filter((key) => cache.has(key)).length;
    clock.advance(600);
    expect(alive()).toBe(1_000);
    clock.advance(200);
    expect(alive()).toBeGreaterThan(300);
    expect(alive()).toBeLessThan(700);
    clock.advance(200);
    expect(alive()).toBe(0);
  });

  it('shortens TTLs of the call and of absences, too', async () => {
    const clock = fakeClock();
    const cache = createTtlCache<number, number>({ ttlMs: 1, negativeTtlMs: 1_000, jitter: 1, now: clock.now });
    for (let key = 0; key < 100; key++) await cache.getOrLoad(key, () => undefined);
    for (let key = 100; key < 200; key++) cache.set(key, key, { ttlMs: 1_000 });
    clock.advance(500);
    const states = Array.from({ length: 200 }, (_, key) => cache.lookup(key).state);
    expect(new Set(states.slice(0, 100))).toEqual(new Set(['negative', 'miss']));
    expect(new Set(states.slice(100))).toEqual(new Set(['hit', 'miss']));
  });

  it('tells the age of what it holds', async () => {
    const clock = fakeClock();
    const cache = createTtlCache<string>({ ttlMs: 10, negativeTtlMs: 5, staleIfErrorMs: 20, now: clock.now });
    cache.set('a', 'x');
    clock.advance(3);
    expect(cache.lookup('a')).toEqual({ state: 'hit', value: 'x', ageMs: 3 });
    await cache.getOrLoad('none', () => undefined);
    clock.advance(4);
    expect(cache.lookup('none')).toEqual({ state: 'negative', ageMs: 4 });
    expect(cache.lookup('a')).toEqual({ state: 'hit', value: 'x', ageMs: 7 });
    clock.advance(5);
    expect(cache.lookup('a')).toEqual({ state: 'stale', value: 'x', ageMs: 12 });
    expect(cache.lookup('unknown')).toEqual({ state: 'miss', ageMs: 0 });
  });

  it('looks up without a trace', () => {
    const cache = createTtlCache<number>({ ttlMs: 10, maxEntries: 2, now: fakeClock().now });
    cache.set('a', 1);
    cache.set('b', 1);
    cache.lookup('a');
    cache.has('a');
    cache.set('c', 1);
    // The flag that a read would have set would have spared it.
    expect(Array.from(cache.keys())).toEqual(['b', 'c']);
    expect(cache.stats()).toMatchObject({ hits: 0, misses: 0 });
  });

  it('keeps keys apart as a Map does', () => {
    const cache = createTtlCache<string, unknown>({ ttlMs: 10, now: fakeClock().now });
    const object = {};
    for (const key of [1, '1', Number.NaN, null, undefined, object, '__proto__']) cache.set(key, typeof key);
    expect(cache.size).toBe(7);
    expect(cache.get('1')).toBe('string');
    expect(cache.get(1)).toBe('number');
    expect(cache.get(Number.NaN)).toBe('number');
    expect(cache.get(object)).toBe('object');
    expect(cache.get({})).toBeUndefined();
  });

  it.each([null, false, 0, '', Number.NaN])('holds %j like any other value', async (value) => {
    const cache = createTtlCache<unknown>({ ttlMs: 10, now: fakeClock().now });
    let loads = 0;
    const load = () => {
      loads++;
      return value;
    };
    expect(await cache.getOrLoad('a', load)).toBe(value);
    expect(await cache.getOrLoad('a', load)).toBe(value);
    expect(loads).toBe(1);
    expect(cache.has('a')).toBe(true);
  });
});
