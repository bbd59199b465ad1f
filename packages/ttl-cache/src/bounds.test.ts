import { fakeClock } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import { createTtlCache } from './index.ts';

describe('bounds', () => {
  const { now } = fakeClock();

  it('holds 10_000 entries by default', () => {
    const cache = createTtlCache<number, number>({ ttlMs: 10, now });
    for (let key = 0; key < 10_050; key++) cache.set(key, key);
    expect(cache.size).toBe(10_000);
    expect(cache.stats().evicted).toBe(50);
  });

  it('spares what has been read since it came, once', () => {
    const cache = createTtlCache<number>({ ttlMs: 10, maxEntries: 3, now });
    for (const key of ['a', 'b', 'c']) cache.set(key, 1);
    cache.get('a');
    cache.set('d', 1);
    expect(Array.from(cache.keys())).toEqual(['a', 'c', 'd']);
    // The hand goes on from where it was, and has spared a.
    cache.set('e', 1);
    expect(Array.from(cache.keys())).toEqual(['a', 'd', 'e']);
  });

  it('spares what has been read by getOrLoad or set again', async () => {
    const cache = createTtlCache<number>({ ttlMs: 10, maxEntries: 3, now });
    for (const key of ['a', 'b', 'c']) cache.set(key, 1);
    await cache.getOrLoad('a', () => 2);
    cache.set('b', 2);
    cache.set('d', 1);
    expect(Array.from(cache.keys())).toEqual(['a', 'b', 'd']);
  });

  it('lets a scan pass without losing what is in use', () => {
    const cache = createTtlCache<number>({ ttlMs: 10, maxEntries: 100, now });
    for (let hot = 0; hot < 50; hot++) cache.set(`hot:${hot}`, hot);
    for (let scanned = 0; scanned < 10_000; scanned++) {
      cache.set(`scan:${scanned}`, scanned);
      cache.get(`hot:${scanned % 50}`);
    }
    const kept = Array.from(cache.keys()).filter((key) => key.startsWith('hot:'));
    expect(kept).toHaveLength(50);
  });

  it('takes an expired entry before a live one', () => {
    const clock = fakeClock();
    const cache = createTtlCache<number>({ ttlMs: 100, maxEntries: 2, now: clock.now });
    cache.set('old', 1, { ttlMs: 5 });
    cache.get('old');
    cache.set('live', 1);
    clock.advance(5);
    cache.set('new', 1);
    expect(Array.from(cache.keys())).toEqual(['live', 'new']);
    expect(cache.stats()).toMatchObject({ evicted: 0, expired: 1 });
  });

  it('works with room for one', () => {
    const cache = createTtlCache<number>({ ttlMs: 10, maxEntries: 1, now });
    for (let turn = 0; turn < 5_000; turn++) {
      cache.set(`key:${turn}`, turn);
      expect(cache.get(`key:${turn}`)).toBe(turn);
      expect(cache.size).toBe(1);
    }
  });

  it('answers both callers when loads of two keys compete for one place', async () => {
    const cache = createTtlCache<string>({ ttlMs: 10, maxEntries: 1, now });
    const load = async ({ key }: { key: string }) => key;
    expect(await Promise.all([cache.getOrLoad('a', load), cache.getOrLoad('b', load)])).toEqual(['a', 'b']);
    expect(cache.size).toBe(1);
  });

  it('keeps the sum of sizes within maxBytes', () => {
    const cache = createTtlCache<string>({ ttlMs: 10, maxBytes: 10, sizeOf: (value) => value.length, now });
    cache.set('a', 'xxxx');
    cache.set('b', 'xxxx');
    expect(cache.bytes).toBe(8);
    cache.set('c', 'xxx');
    expect(Array.from(cache.keys())).toEqual(['b', 'c']);
    expect(cache.bytes).toBe(7);
    cache.set('c', 'xxxxxxxx');
    expect(Array.from(cache.keys())).toEqual(['c']);
    expect(cache.bytes).toBe(8);
    cache.delete('c');
    expect(cache.bytes).toBe(0);
  });

  it('makes room for a larger value where all have been asked for', () => {
    const cache = createTtlCache<string>({ ttlMs: 10, maxBytes: 10, sizeOf: (value) => value.length, now });
    for (const key of ['a', 'b', 'c']) cache.set(key, 'xxx');
    for (const key of ['a', 'b', 'c']) cache.get(key);
    cache.set('a', 'xxxxx');
    expect(Array.from(cache.keys())).toEqual(['a', 'c']);
    expect(cache.bytes).toBe(8);
  });

  it('takes an expired entry before a live one also where both have been asked for', () => {
    const clock = fakeClock();
    const cache = createTtlCache<number>({ ttlMs: 100, maxEntries: 3, now: clock.now });
    for (const key of ['a', 'b', 'c']) cache.set(key, 1, { ttlMs: key === 'c' ? 5 : 50 });
    for (const key of ['a', 'b', 'c']) cache.get(key);
    cache.set('d', 1);
    expect(Array.from(cache.keys())).toEqual(['b', 'c', 'd']);
    for (const key of ['b', 'c', 'd']) cache.get(key);
    clock.advance(5);
    cache.set('e', 1);
    expect(Array.from(cache.keys())).toEqual(['b', 'd', 'e']);
  });

  it('makes room for a larger value in the place of an expired one', () => {
    const clock = fakeClock();
    const sizeOf = (value: string) => value.length;
    const cache = createTtlCache<string>({ ttlMs: 10, maxBytes: 10, sizeOf, now: clock.now });
    cache.set('a', 'xxxx', { ttlMs: 5 });
    cache.set('b', 'xxxx');
    clock.advance(5);
    cache.set('a', 'xxxxxxxx');
    expect(cache.get('a')).toBe('xxxxxxxx');
    expect(Array.from(cache.keys())).toEqual(['a']);
    expect(cache.bytes).toBe(8);
  });

  it('does not store a value that is larger than all there is room for, and drops the one it replaces', async () => {
    const cache = createTtlCache<string>({ ttlMs: 10, maxBytes: 5, sizeOf: (value) => value.length, now });
    cache.set('a', 'x');
    cache.set('b', 'x');
    cache.set('a', 'xxxxxx');
    expect(cache.get('a')).toBeUndefined();
    expect(cache.get('b')).toBe('x');
    expect(await cache.getOrLoad('c', () => 'xxxxxx')).toBe('xxxxxx');
    expect(cache.size).toBe(1);
    expect(cache.stats().discarded).toBe(2);
  });

  it('counts sizes without a bound, and rounds them up', () => {
    const cache = createTtlCache<number>({ ttlMs: 10, sizeOf: (value) => value, now });
    cache.set('a', 0.5);
    cache.set('b', 1.5);
    expect(cache.bytes).toBe(3);
    cache.clear();
    expect(cache.bytes).toBe(0);
  });

  it('refuses a size that is none', async () => {
    const cache = createTtlCache<number>({ ttlMs: 10, sizeOf: (value) => value, now });
    expect(() => cache.set('a', -1)).toThrow('sizeOf: expected a number >= 0, got -1');
    await expect(cache.getOrLoad('a', () => -1)).rejects.toThrow('sizeOf: expected a number >= 0, got -1');
    expect(cache.size).toBe(0);
    expect(cache.stats().inFlight).toBe(0);
    expect(await cache.getOrLoad('a', () => 1)).toBe(1);
  });

  it('takes no space for a remembered absence', async () => {
    const cache = createTtlCache<number>({ ttlMs: 10, negativeTtlMs: 10, sizeOf: () => 5, now });
    await cache.getOrLoad('a', () => undefined);
    expect(cache.bytes).toBe(0);
    expect(cache.size).toBe(1);
  });
});
