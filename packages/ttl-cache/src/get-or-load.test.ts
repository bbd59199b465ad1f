import { fakeClock, gate } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import { createTtlCache } from './index.ts';

describe('getOrLoad', () => {
  const make = (options: { negativeTtlMs?: number } = {}) => {
    const clock = fakeClock();
    return { clock, cache: createTtlCache<string>({ ttlMs: 10, now: clock.now, ...options }) };
  };

  it('calls the loader once for any number of callers, and holds what it brings', async () => {
    const { cache } = make();
    const loading = gate<string>();
    let loads = 0;
    const load = () => {
      loads++;
      return loading.promise;
    };
    const callers = Array.from({ length: 1_000 }, () => cache.getOrLoad('a', load));
    loading.open('x');
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['x']));
    expect(await cache.getOrLoad('a', load)).toBe('x');
    expect(loads).toBe(1);
    expect(cache.stats()).toMatchObject({ loads: 1, misses: 1_000, joined: 999, hits: 1, inFlight: 0 });
  });

  it('loads different keys apart', async () => {
    const { cache } = make();
    const load = async ({ key }: { key: string }) => key;
    expect(await Promise.all([cache.getOrLoad('a', load), cache.getOrLoad('b', load)])).toEqual(['a', 'b']);
  });

  it('calls the loader synchronously, with the key', () => {
    const { cache } = make();
    let seen: unknown;
    void cache.getOrLoad('a', (context) => {
      seen = context.key;
      return 'x';
    });
    expect(seen).toBe('a');
  });

  it('loads again after expiry, and tells the loader what is held', async () => {
    const clock = fakeClock();
    const cache = createTtlCache<string>({ ttlMs: 10, staleIfErrorMs: 10, now: clock.now });
    await cache.getOrLoad('a', (context) => {
      expect('stale' in context).toBe(false);
      return 'x';
    });
    clock.advance(10);
    expect(await cache.getOrLoad('a', ({ stale }) => `${stale}y`)).toBe('xy');
  });

  it('gives the error of a failed load to all who wait, and stores nothing', async () => {
    const { cache } = make();
    const error = new Error('down');
    const loading = gate<string>();
    const callers = [cache.getOrLoad('a', () => loading.promise), cache.getOrLoad('a', () => loading.promise)];
    loading.fail(error);
    for (const caller of callers) await expect(caller).rejects.toBe(error);
    expect(cache.size).toBe(0);
    expect(await cache.getOrLoad('a', () => 'x')).toBe('x');
    expect(cache.stats()).toMatchObject({ loads: 2, loadErrors: 1 });
  });

  it('makes a rejection of what a loader throws at once, whatever it is', async () => {
    const { cache } = make();
    const failing = cache.getOrLoad('a', () => {
      // eslint-disable-next-line no-throw-literal
      throw undefined;
    });
    await expect(failing).rejects.toBeUndefined();
    expect(await cache.getOrLoad('a', () => 'x')).toBe('x');
  });

  it('makes a rejection of a promise that throws when it is looked at', async () => {
    const { cache } = make();
    const hostile = Promise.resolve('x');
    void Object.defineProperty(hostile, 'constructor', {
      get() {
        throw new Error('look');
      },
    });
    await expect(cache.getOrLoad('a', () => hostile)).rejects.toThrow('look');
    expect(cache.stats()).toMatchObject({ loadErrors: 1, inFlight: 0 });
    expect(await cache.getOrLoad('a', () => 'x')).toBe('x');
  });

  it('takes a thenable for a promise', async () => {
    const { cache } = make();
    // oxlint-disable-next-line unicorn/no-thenable
    const thenable = { then: (resolve: (value: string) => void) => resolve('x') } as PromiseLike<string>;
    expect(await cache.getOrLoad('a', () => thenable)).toBe('x');
    expect(cache.get('a')).toBe('x');
  });

  it('leaves no unhandled rejection when nobody looks at a failing load', async () => {
    const { cache } = make();
    const loading = gate<string>();
    const leaving = new AbortController();
    void cache.getOrLoad('a', () => loading.promise, { signal: leaving.signal }).catch(() => {});
    void cache.getOrLoad('a', () => loading.promise);
    void cache.refresh('a', () => loading.promise);
    leaving.abort();
    loading.fail(new Error('nobody looks'));
    // An unhandled rejection fails the run.
    await new Promise((resolve) => setImmediate(resolve));
    expect(cache.stats().loadErrors).toBe(1);
  });

  describe('a loader that finds nothing', () => {
    it('answers undefined, which is not remembered by default', async () => {
      const { cache } = make();
      let loads = 0;
      const load = () => {
        loads++;
        return undefined;
      };
      expect(await cache.getOrLoad('a', load)).toBeUndefined();
      expect(await cache.getOrLoad('a', load)).toBeUndefined();
      expect(loads).toBe(2);
      expect(cache.size).toBe(0);
    });

    it('is remembered for negativeTtlMs', async () => {
      const { cache, clock } = make({ negativeTtlMs: 5 });
      let loads = 0;
      const load = () => {
        loads++;
        return undefined;
      };
      await cache.getOrLoad('a', load);
      clock.advance(4);
      expect(await cache.getOrLoad('a', load)).toBeUndefined();
      expect(cache.get('a')).toBeUndefined();
      expect(cache.lookup('a').state).toBe('negative');
      expect(cache.has('a')).toBe(false);
      expect(cache.size).toBe(1);
      expect(cache.stats()).toMatchObject({ negativeHits: 2, misses: 1, loads: 1 });
      clock.advance(1);
      expect(cache.lookup('a').state).toBe('miss');
      await cache.getOrLoad('a', load);
      expect(loads).toBe(2);
    });

    it('removes the old value', async () => {
      const { cache } = make();
      cache.set('a', 'x');
      expect(await cache.refresh('a', () => undefined)).toBeUndefined();
      expect(cache.get('a')).toBeUndefined();
      expect(cache.size).toBe(0);
    });

    it('gives way to a value that is set, and to a delete', async () => {
      const { cache } = make({ negativeTtlMs: 5 });
      await cache.getOrLoad('a', () => undefined);
      cache.set('a', 'x');
      expect(cache.get('a')).toBe('x');
      await cache.getOrLoad('b', () => undefined);
      expect(cache.delete('b')).toBe(true);
      expect(await cache.getOrLoad('b', () => 'y')).toBe('y');
    });
  });

  describe('refresh', () => {
    it('loads even when the value is fresh, and replaces it', async () => {
      const { cache } = make();
      cache.set('a', 'x');
      const seen: unknown[] = [];
      expect(
        await cache.refresh('a', ({ stale }) => {
          seen.push(stale);
          return 'y';
        }),
      ).toBe('y');
      expect(seen).toEqual(['x']);
      expect(cache.get('a')).toBe('y');
    });

    it('serves the old value meanwhile', async () => {
      const { cache } = make();
      cache.set('a', 'x');
      const loading = gate<string>();
      const refreshing = cache.refresh('a', () => loading.promise);
      expect(await cache.getOrLoad('a', () => expect.unreachable())).toBe('x');
      loading.open('y');
      expect(await refreshing).toBe('y');
    });

    it('joins a load that runs', async () => {
      const { cache } = make();
      const loading = gate<string>();
      const first = cache.getOrLoad('a', () => loading.promise);
      const second = cache.refresh('a', () => expect.unreachable());
      loading.open('x');
      expect(await Promise.all([first, second])).toEqual(['x', 'x']);
      expect(cache.stats()).toMatchObject({ loads: 1, misses: 1, joined: 0 });
    });

    it('rejects when it fails, and keeps the old value', async () => {
      const { cache } = make();
      cache.set('a', 'x');
      await expect(cache.refresh('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
      expect(cache.get('a')).toBe('x');
    });
  });
});

describe('crowds of several keys', () => {
  it('get each its own value', async () => {
    const cache = createTtlCache<string>({ ttlMs: 1_000 });
    const load = async ({ key }: { key: string }) => {
      await Promise.resolve();
      return key;
    };
    const callers = Array.from({ length: 30 }, (_, caller) => 'abc'[caller % 3]!);
    expect(await Promise.all(callers.map((key) => cache.getOrLoad(key, load)))).toEqual(callers);
    expect(cache.stats()).toMatchObject({ loads: 3, joined: 27, misses: 30 });
    cache.close();
  });
});
