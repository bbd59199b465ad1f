import { describe, expect, it } from 'vitest';
import { createTtlCache, type TtlCacheOptions } from './index.ts';

const make = (options: object) => () => createTtlCache(options as unknown as TtlCacheOptions<unknown>);

describe('options', () => {
  it.each([
    [{}, 'ttlMs: expected a number of milliseconds >= 0, got undefined'],
    [{ ttlMs: '50' }, 'ttlMs: expected a number of milliseconds >= 0, got "50"'],
    [{ ttlMs: 1, sizeOf: 3 }, 'sizeOf: expected a function, got 3'],
    [{ ttlMs: 1, maxBytes: 10 }, 'sizeOf: maxBytes needs a sizeOf(value, key)'],
    [{ ttlMs: 1, clone: 'deep' }, 'clone: expected \'structured\' or a function, got "deep"'],
    [{ ttlMs: 1, now: {} }, 'now: expected a function, got an object'],
    [{ ttlMs: 1, onEvent: 'x' }, 'onEvent: expected a function, got "x"'],
    [{ ttlMs: 1, onEvict: null }, 'onEvict: expected a function, got null'],
    [{ ttlMs: 1, tier: {} }, 'tier: expected an object with get, set, delete and clear, got an object'],
  ])('rejects %j with a TypeError that names it', (options, message) => {
    expect(make(options)).toThrow(message);
    expect(make(options)).toThrow(/^(ttlMs|sizeOf|clone|now|onEvent|onEvict|tier): /);
  });

  it.each([
    [{ ttlMs: -1 }, 'ttlMs: expected a number of milliseconds >= 0, got -1'],
    [{ ttlMs: Number.NaN }, 'ttlMs: expected a number of milliseconds >= 0, got NaN'],
    [{ ttlMs: 1, jitter: 1.1 }, 'jitter: expected a number from 0 to 1, got 1.1'],
    [{ ttlMs: 1, jitter: -0.1 }, 'jitter: expected a number from 0 to 1, got -0.1'],
    [{ ttlMs: 1, maxEntries: 0 }, 'maxEntries: expected an integer >= 1 or Infinity, got 0'],
    [{ ttlMs: 1, maxEntries: 1.5 }, 'maxEntries: expected an integer >= 1 or Infinity, got 1.5'],
    [{ ttlMs: 1, maxBytes: 0, sizeOf: () => 1 }, 'maxBytes: expected a number > 0, got 0'],
    [{ ttlMs: 1, negativeTtlMs: -1 }, 'negativeTtlMs: expected a number of milliseconds >= 0, got -1'],
    [{ ttlMs: 1, staleWhileRevalidateMs: -1 }, 'staleWhileRevalidateMs: '],
    [{ ttlMs: 1, staleIfErrorMs: -1 }, 'staleIfErrorMs: '],
    [{ ttlMs: 1, refreshAheadMs: -1 }, 'refreshAheadMs: '],
    [{ ttlMs: 1, softTimeoutMs: -1 }, 'softTimeoutMs: '],
    [{ ttlMs: 1, retryMs: -1 }, 'retryMs: '],
    [{ ttlMs: 1, loadTimeoutMs: 0 }, 'loadTimeoutMs: expected a number > 0, got 0'],
    [{ ttlMs: 1, reapIntervalMs: -1 }, 'reapIntervalMs: '],
  ])('rejects %j with a RangeError that names it', (options, message) => {
    expect(make(options)).toThrow(RangeError);
    expect(make(options)).toThrow(message);
  });

  it('takes undefined for "not given"', () => {
    const cache = createTtlCache<number>({
      ttlMs: 10,
      maxEntries: undefined,
      jitter: undefined,
      staleIfErrorMs: undefined,
    });
    cache.set('a', 1);
    expect(cache.get('a')).toBe(1);
    cache.close();
  });

  it('rejects a missing options object', () => {
    expect(() => createTtlCache(undefined as never)).toThrow('options: expected an object, got undefined');
  });

  it('refuses to store undefined', () => {
    const cache = createTtlCache<undefined>({ ttlMs: 10 });
    expect(() => cache.set('a', undefined)).toThrow(TypeError);
    expect(cache.size).toBe(0);
  });

  it('rejects a TTL of a call that is none', async () => {
    const cache = createTtlCache<number>({ ttlMs: 10 });
    expect(() => cache.set('a', 1, { ttlMs: -1 })).toThrow('ttlMs: expected a number of milliseconds >= 0, got -1');
    await expect(cache.getOrLoad('a', () => 1, { ttlMs: Number.NaN })).rejects.toThrow('ttlMs: ');
    expect(cache.stats().inFlight).toBe(0);
  });

  it('rejects what a ttlMs function returns if it is no duration', async () => {
    const cache = createTtlCache<number>({ ttlMs: () => Number.NaN });
    expect(() => cache.set('a', 1)).toThrow('ttlMs: expected a number of milliseconds >= 0, got NaN');
    await expect(cache.getOrLoad('a', () => 1)).rejects.toThrow(RangeError);
    expect(cache.size).toBe(0);
  });
});
