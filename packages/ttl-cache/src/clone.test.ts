import { fakeClock, gate } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import { createTtlCache, type TtlCacheOptions } from './index.ts';

interface Config {
  list: number[];
}

describe('clone', () => {
  const make = (options: Partial<TtlCacheOptions<Config>> = {}) => {
    const clock = fakeClock();
    return { clock, cache: createTtlCache<Config>({ ttlMs: 10, now: clock.now, clone: 'structured', ...options }) };
  };

  it('shares one object by default', async () => {
    const cache = createTtlCache<Config>({ ttlMs: 10, now: fakeClock().now });
    const value = { list: [1] };
    cache.set('a', value);
    expect(cache.get('a')).toBe(value);
    expect(await cache.getOrLoad('a', () => expect.unreachable())).toBe(value);
  });

  it('keeps what is stored apart from what was given', () => {
    const { cache } = make();
    const value = { list: [1] };
    cache.set('a', value);
    value.list.push(2);
    expect(cache.get('a')).toEqual({ list: [1] });
  });

  it('gives every reader an object of its own', async () => {
    const { cache } = make();
    cache.set('a', { list: [1] });
    cache.get('a')?.list.push(2);
    cache.lookup('a').value?.list.push(3);
    (await cache.getOrLoad('a', () => expect.unreachable()))?.list.push(4);
    expect(cache.get('a')).toEqual({ list: [1] });
  });

  it('gives every caller of a shared load an object of its own, the loader included', async () => {
    const { cache } = make();
    const loaded = { list: [1] };
    const loading = gate<Config>();
    const load = () => loading.promise;
    const crowd = Array.from({ length: 3 }, () => cache.getOrLoad('a', load));
    const waiting = [...crowd, cache.refresh('a', load)];
    loading.open(loaded);
    const callers = await Promise.all(waiting);
    const objects = [loaded, ...callers, cache.get('a')];
    expect(new Set(objects).size).toBe(6);
    for (const object of objects) expect(object).toEqual({ list: [1] });
  });

  it('gives copies of old values, too: to callers and to the loader', async () => {
    const { cache, clock } = make({ staleWhileRevalidateMs: 100 });
    cache.set('a', { list: [1] });
    clock.advance(10);
    const stale = await cache.getOrLoad('a', (context) => {
      context.stale?.list.push(2);
      return Promise.reject(new Error('down'));
    });
    stale?.list.push(3);
    expect(cache.lookup('a').value).toEqual({ list: [1] });
  });

  it('uses a function of your own, and never for absences', async () => {
    let copies = 0;
    const { cache } = make({
      negativeTtlMs: 10,
      clone(value) {
        copies++;
        return { ...value };
      },
    });
    cache.set('a', { list: [] });
    cache.get('a');
    expect(copies).toBe(2);
    await cache.getOrLoad('b', () => undefined);
    cache.get('b');
    expect(copies).toBe(2);
  });

  it('rejects a value that cannot be copied, and stores nothing', async () => {
    const cache = createTtlCache<unknown>({ ttlMs: 10, clone: 'structured' });
    expect(() => cache.set('a', () => {})).toThrow('could not be cloned');
    await expect(cache.getOrLoad('a', () => () => {})).rejects.toThrow('could not be cloned');
    expect(cache.size).toBe(0);
  });

  it('ends a load whose old value cannot be copied', async () => {
    let broken = false;
    const { cache, clock } = make({
      clone(value) {
        if (broken) throw new Error('no copy');
        return value;
      },
    });
    cache.set('a', { list: [] });
    broken = true;
    await expect(cache.refresh('a', () => ({ list: [] }))).rejects.toThrow('no copy');
    expect(cache.stats()).toMatchObject({ loadErrors: 1, inFlight: 0 });
    broken = false;
    clock.advance(10);
    expect(await cache.getOrLoad('a', () => ({ list: [1] }))).toEqual({ list: [1] });
  });
});
